using Skerry.Domain.Operations;
using Skerry.Domain.Quotas;
using Skerry.Domain.Replication;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>What people do with snapshots.</summary>
public sealed class SnapshotService(SiteContext site, OperationService operations)
{
    private static readonly IReadOnlyList<string> Resettable = [VolumeStatus.Available, VolumeStatus.Error, VolumeStatus.ErrorDeleting];

    public async ValueTask<Outcome<Snapshot>> CreateAsync(
        Actor actor, CreateSnapshotRequest request, CancellationToken cancellationToken)
    {
        var refusal = VolumeRules.Text("name", request.Name)
            ?? VolumeRules.Text("description", request.Description)
            ?? VolumeRules.Metadata(request.Metadata);
        if (refusal is not null)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        var project = "";
        var outcome = await site.DecideAsync<Outcome<Snapshot>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (new VolumeReader(site, state).FindVolume(request.VolumeId) is not { } volume || !actor.MaySee(volume.ProjectId))
                {
                    return Refusal.NotFound("volume", request.VolumeId) with { Field = "volume_id" };
                }

                if (!actor.IsMember)
                {
                    return VolumeRules.NotAllowed(actor, "taking snapshots");
                }

                if (volume.Status is not (VolumeStatus.Available or VolumeStatus.InUse))
                {
                    return Refusal.State($"Volume {volume.Id} is {volume.Status}.", "A snapshot can be taken while it is available or in-use.");
                }

                project = volume.ProjectId;
                if (QuotaService.Check(site, state, project, QuotaAmounts.ASnapshot) is { } over)
                {
                    return over;
                }

                Write(transaction, id, actor, request, volume);
                HardQuota.Charge(transaction, site, project, id, QuotaAmounts.ASnapshot);
                return Queue(transaction, actor, id, VolumeOperations.CreateSnapshot, volume.SiteId, VolumeOperations.NoParameters);
            },
            cancellationToken);
        if (outcome.Refusal is { Kind: RefusalKind.Quota })
        {
            await HardQuota.AskAsync(site, project, QuotaAmounts.ASnapshot, cancellationToken);
        }

        return outcome;
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Snapshot> List(Actor actor, SnapshotFilter filter) =>
    [
        .. new VolumeReader(site, StateView.Of(site.Replica)).Snapshots
            .Where(s => (actor.IsAdmin || !s.IsOfRun) && ((actor.IsAdmin && filter.AllProjects) || s.ProjectId == actor.ProjectId)
                && (filter.VolumeId is null || s.VolumeId == filter.VolumeId)
                && (filter.Name is null || s.Name == filter.Name)
                && (filter.Status is null || s.Status == filter.Status))
            .OrderByDescending(s => s.CreatedAt)
            .ThenBy(s => s.Id, StringComparer.Ordinal)
            .Select(s => For(actor, s)),
    ];

    public Outcome<Snapshot> Show(Actor actor, string id) =>
        Find(actor, StateView.Of(site.Replica), id) is { } snapshot ? For(actor, snapshot) : Refusal.NotFound("snapshot", id);

    /// <summary>Takes effect at once, at any site; <see cref="UpdateVolumeRequest.IsBootable"/> is ignored.</summary>
    public async ValueTask<Outcome<Snapshot>> UpdateAsync(
        Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken)
    {
        if (VolumeRules.Check(request) is { } refusal)
        {
            return refusal;
        }

        return await ChangeAsync(
            actor,
            id,
            (transaction, snapshot) =>
            {
                var key = VolumeEntity.SnapshotKey(id);
                if (snapshot.Status == VolumeStatus.Deleting)
                {
                    return Refusal.State($"Snapshot {id} is {snapshot.Status}.", $"Cancel operation {snapshot.OperationId} if it is to stay.");
                }

                if (VolumeEntity.Describe(transaction, key, snapshot.Metadata, request) is { } tooMuch)
                {
                    return tooMuch;
                }

                return For(actor, Find(actor, StateView.Of(transaction), id)!);
            },
            cancellationToken);
    }

    public async ValueTask<Outcome<Snapshot>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        actor.IsAdmin && BaseSnapshots.Protects(StateView.Of(site.Replica), id) is { } needed ? needed : await ChangeAsync(
            actor,
            id,
            (transaction, snapshot) =>
            {
                if (snapshot.Status is not (VolumeStatus.Available or VolumeStatus.Error or VolumeStatus.ErrorDeleting))
                {
                    return Refusal.State($"Snapshot {id} is {snapshot.Status}.", "It can be deleted when it is available or in error.");
                }

                if (snapshot.ReleasedAt is { } releasedAt)
                {
                    return Refusal.State(
                        $"Snapshot {id} was deleted at {releasedAt:u}, and site {snapshot.SiteName} keeps it as the retention of its replica says.",
                        "It goes by itself; set keep_target of the replication to less to have it go sooner.");
                }

                var waiting = new VolumeReader(site, StateView.Of(transaction)).Volumes
                    .FirstOrDefault(v => v.Status == VolumeStatus.Creating && v.SourceSnapshotId == id);
                return waiting is not null
                    ? Refusal.State($"Volume {waiting.Id} is still to be made from snapshot {id}.", $"Wait for operation {waiting.OperationId}.")
                    : Queue(
                        transaction, actor, id, VolumeOperations.DeleteSnapshot, snapshot.SiteId, VolumeOperations.NoParameters,
                        SeenByDelete.Of(StateView.Of(transaction), transaction.Find(VolumeEntity.SnapshotKey(id))!));
            },
            cancellationToken);

    /// <summary>Sets the status word without touching the snapshot. For administrators.</summary>
    public async ValueTask<Outcome<Snapshot>> ResetStatusAsync(
        Actor actor, string id, string status, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, snapshot) =>
                !actor.IsAdmin ? VolumeRules.AdministratorsOnly(actor, "reset the status of snapshots")
                : !Resettable.Contains(status) ? Refusal.Invalid(
                    "status", $"A snapshot cannot be reset to '{status}'.", $"Give one of {string.Join(", ", Resettable)}.")
                : Queue(
                    transaction,
                    actor,
                    id,
                    VolumeOperations.ResetSnapshotStatus,
                    snapshot.SiteId,
                    FieldValue.Serialize(new StatusParameters(status), DomainJson.Default.StatusParameters)),
            cancellationToken);

    private async ValueTask<Outcome<Snapshot>> ChangeAsync(
        Actor actor, string id, Func<ITransaction, Snapshot, Outcome<Snapshot>> change, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            actor,
            transaction =>
                Find(actor, StateView.Of(transaction), id) is not { } snapshot ? Refusal.NotFound("snapshot", id)
                : !actor.IsMember ? VolumeRules.NotAllowed(actor, "changing snapshots")
                : change(transaction, snapshot),
            cancellationToken);

    private void Write(ITransaction transaction, string id, Actor actor, CreateSnapshotRequest request, Volume volume)
    {
        var key = VolumeEntity.SnapshotKey(id);
        transaction.Set(key, "volume_id", volume.Id);
        transaction.Set(key, "name", request.Name ?? "");
        transaction.Set(key, "description", request.Description ?? "");
        transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From(volume.SizeGib));
        transaction.Set(key, "project_id", volume.ProjectId);
        transaction.Set(key, "user_id", actor.UserId);
        transaction.Set(key, "site", volume.SiteId);
        transaction.Set(key, "created_at", site.Now);
        VolumeEntity.WriteMetadata(transaction, key, request.Metadata ?? new Dictionary<string, string>());
    }

    private Outcome<Snapshot> Queue(
        ITransaction transaction, Actor actor, string id, string kind, string targetSite, FieldValue parameters, IReadOnlyList<string>? seen = null)
    {
        var projectId = transaction.Find(VolumeEntity.SnapshotKey(id))?.Text("project_id");
        var operationId = operations.Enqueue(
            transaction,
            new OperationRequest(kind, VolumeEntity.SnapshotKey(id), targetSite, parameters) { ProjectId = projectId, Seen = seen },
            actor);
        return Outcome<Snapshot>.Queued(For(actor, Find(actor, StateView.Of(transaction), id)!), operationId);
    }

    private Snapshot? Find(Actor actor, StateView state, string id) =>
        new VolumeReader(site, state).FindSnapshot(id) is { } snapshot && actor.MaySee(snapshot.ProjectId) && (actor.IsAdmin || !snapshot.IsOfRun)
            ? snapshot : null;

    private static Snapshot For(Actor actor, Snapshot snapshot) =>
        actor.IsAdmin ? snapshot : snapshot with { Position = null, Places = [], ErrorReason = VolumeRules.PublicReason(snapshot.Status, snapshot.ErrorReason) };
}
