using Skerry.Domain.Operations;
using Skerry.Domain.Quotas;
using Skerry.Domain.Replication;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>What people do with volumes. Everything is answered from this site; work at the owner is an operation that travels.</summary>
public sealed class VolumeService(SiteContext site, OperationService operations, IEnumerable<IVolumeDeleteGuard> deleteGuards)
{
    private readonly IReadOnlyList<IVolumeDeleteGuard> _deleteGuards = [.. deleteGuards];

    public async ValueTask<Outcome<Volume>> CreateAsync(Actor actor, CreateVolumeRequest request, CancellationToken cancellationToken)
    {
        if (VolumeCreation.Check(actor, request) is { } refusal)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        var outcome = await site.DecideAsync<Outcome<Volume>>(
            actor,
            transaction =>
            {
                var decision = VolumeCreation.Decide(site, StateView.Of(transaction), actor, request);
                if (decision.IsRefused)
                {
                    return decision.Refusal!;
                }

                var key = VolumeEntity.Key(id);
                Write(transaction, key, actor, request, decision.Value);
                HardQuota.Charge(transaction, site, decision.Value.ProjectId, id, QuotaAmounts.AVolume(decision.Value.SizeGib));
                return Queue(
                    transaction, actor, id, VolumeOperations.Create, decision.Value.SiteId, VolumeOperations.NoParameters, request.Deadline);
            },
            cancellationToken);
        return await AskIfLackingAsync(
            outcome, request.ProjectId ?? actor.ProjectId ?? "", QuotaAmounts.AVolume(request.SizeGib ?? 1), cancellationToken);
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Volume> List(Actor actor, VolumeFilter filter) =>
    [
        .. new VolumeReader(site, StateView.Of(site.Replica)).Volumes.Concat(Kept)
            .Where(v => IsListed(actor, filter, v))
            .OrderByDescending(v => v.CreatedAt)
            .ThenBy(v => v.Id, StringComparer.Ordinal)
            .Select(v => For(actor, v)),
    ];

    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id; names are for the command line to look up.</param>
    public Outcome<Volume> Show(Actor actor, string id) =>
        (Find(actor, StateView.Of(site.Replica), id) ?? Kept.FirstOrDefault(v => v.Id == id && actor.MaySee(v.ProjectId))) is { } volume
            ? For(actor, volume)
            : Refusal.NotFound("volume", id);

    /// <summary>Those that were deleted while something was made of them elsewhere.</summary>
    private IEnumerable<Volume> Kept => new VolumeReader(site, StateView.Of(site.Replica)).Kept;

    /// <summary>Takes effect at once, at any site.</summary>
    public async ValueTask<Outcome<Volume>> UpdateAsync(
        Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken)
    {
        if (VolumeRules.Check(request) is { } refusal)
        {
            return refusal;
        }

        return await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
            {
                var key = VolumeEntity.Key(id);
                if (volume.Status == VolumeStatus.Deleting)
                {
                    // Who knows of the deletion does not write against it: that would look like one who does not.
                    return Refusal.State($"Volume {id} is {volume.Status}.", $"Cancel operation {volume.OperationId} if it is to stay.");
                }

                if (VolumeEntity.Describe(transaction, key, volume.Metadata, request) is { } tooMuch)
                {
                    return tooMuch;
                }

                if (request.IsBootable is { } bootable)
                {
                    transaction.Set(key, "is_bootable", FieldValue.From(bootable));
                }

                return For(actor, Find(actor, StateView.Of(transaction), id)!);
            },
            cancellationToken);
    }

    /// <summary>Upward only, while it is available or in use.</summary>
    public async ValueTask<Outcome<Volume>> ExtendAsync(Actor actor, string id, long sizeGib, CancellationToken cancellationToken)
    {
        if (VolumeRules.Size("new_size", sizeGib) is { } refusal)
        {
            return refusal;
        }

        (string Project, QuotaAmounts More) lacking = ("", default);
        var outcome = await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
            {
                if (volume.Status is not (VolumeStatus.Available or VolumeStatus.InUse or VolumeStatus.ErrorExtending))
                {
                    return Refusal.State($"Volume {id} is {volume.Status}.", "It can be extended while it is available or in-use.");
                }

                if (sizeGib <= volume.SizeGib)
                {
                    return Refusal.Invalid(
                        "new_size", $"Volume {id} has {volume.SizeGib} GiB and can only grow.", $"Give more than {volume.SizeGib}.");
                }

                var state = StateView.Of(transaction);
                lacking = (volume.ProjectId, QuotaAmounts.Growth(sizeGib - volume.SizeGib));
                if (QuotaService.Check(site, state, volume.ProjectId, lacking.More) is { } over)
                {
                    return over;
                }

                var backend = BackendReport.Of(state, volume.SiteId).FirstOrDefault(b => b.Name == volume.Backend);
                if (backend is not null && sizeGib > backend.TotalBytes / Volume.BytesPerGib)
                {
                    return new Refusal(
                        RefusalKind.Quota,
                        $"A volume of {sizeGib} GiB is larger than its backend at site {volume.SiteName}.",
                        $"The largest volume that fits there has {backend.TotalBytes / Volume.BytesPerGib} GiB.",
                        "new_size");
                }

                var queued = Queue(
                    transaction,
                    actor,
                    id,
                    VolumeOperations.Extend,
                    volume.SiteId,
                    FieldValue.Serialize(new SizeParameters(sizeGib), DomainJson.Default.SizeParameters));
                HardQuota.Charge(transaction, site, volume.ProjectId, id, lacking.More, queued.OperationId);
                return queued;
            },
            cancellationToken);
        return await AskIfLackingAsync(outcome, lacking.Project, lacking.More, cancellationToken);
    }

    /// <summary>Back to the content of one of its snapshots, while nobody uses it; what was written since is gone, later snapshots stay.</summary>
    public async ValueTask<Outcome<Volume>> RevertAsync(Actor actor, string id, string snapshotId, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, volume) => RevertVolumeHandler.Check(site, StateView.Of(transaction), volume, snapshotId) is { } refusal
                ? refusal
                : Queue(
                    transaction,
                    actor,
                    id,
                    VolumeOperations.Revert,
                    volume.SiteId,
                    FieldValue.Serialize(new SnapshotParameters(snapshotId), DomainJson.Default.SnapshotParameters)),
            cancellationToken);

    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id.</param>
    /// <param name="cascade">Its snapshots go with it; else a volume with snapshots stays.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Volume>> DeleteAsync(Actor actor, string id, bool cascade, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
            {
                var state = StateView.Of(transaction);
                var refusal = VolumeDeletion.Check(new VolumeReader(site, state), volume, cascade)
                    ?? _deleteGuards.Select(g => g.Check(state, id)).FirstOrDefault(r => r is not null);
                return refusal is not null
                    ? refusal
                    : Queue(
                        transaction,
                        actor,
                        id,
                        VolumeOperations.Delete,
                        volume.SiteId,
                        FieldValue.Serialize(new DeleteParameters(cascade, volume.Primary?.Current.Id), DomainJson.Default.DeleteParameters),
                        seen: SeenByDelete.Of(state, transaction.Find(VolumeEntity.Key(id))!));
            },
            cancellationToken);

    /// <summary>
    /// Has the volume's copy at a site read and proved, and healed where another copy helps. The operation's result is a
    /// <see cref="VolumeCheck"/>.
    /// </summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id.</param>
    /// <param name="siteId">A site that holds a copy; null for the one that holds the volume.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Volume>> CheckAsync(Actor actor, string id, string? siteId, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
            {
                var target = siteId ?? volume.SiteId;
                if (target != volume.SiteId && !new CopyHolders(site).IsHeldAt(StateView.Of(transaction), id, target))
                {
                    return Refusal.Invalid("site", $"That site holds no copy of volume {id}.", $"Site {volume.SiteName} does.");
                }

                var operationId = operations.Enqueue(
                    transaction,
                    new OperationRequest(VolumeOperations.Check, VolumeOperations.CheckOf(id), target, VolumeOperations.NoParameters)
                    {
                        ProjectId = volume.ProjectId,
                    },
                    actor);
                return Outcome<Volume>.Queued(For(actor, volume), operationId);
            },
            cancellationToken);

    /// <summary>
    /// Asks what the volume's copy at a site takes: what it and each snapshot have alone, and what they share. For administrators. The
    /// operation's result is a <see cref="VolumeUsage"/>.
    /// </summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The volume's id.</param>
    /// <param name="siteId">A site that holds a copy; null for the one that holds the volume.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Volume>> SurveyAsync(Actor actor, string id, string? siteId, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
            {
                if (!actor.IsAdmin)
                {
                    return VolumeRules.AdministratorsOnly(actor, "see what volumes take where they are stored");
                }

                var target = siteId ?? volume.SiteId;
                if (target != volume.SiteId && !new CopyHolders(site).IsHeldAt(StateView.Of(transaction), id, target))
                {
                    return Refusal.Invalid("site", $"That site holds no copy of volume {id}.", $"Site {volume.SiteName} does.");
                }

                var operationId = operations.Enqueue(
                    transaction,
                    new OperationRequest(VolumeOperations.Usage, VolumeOperations.UsageOf(id), target, VolumeOperations.NoParameters),
                    actor);
                return Outcome<Volume>.Queued(For(actor, volume), operationId);
            },
            cancellationToken);

    /// <summary>Sets the status word without touching the volume. For administrators.</summary>
    public async ValueTask<Outcome<Volume>> ResetStatusAsync(
        Actor actor, string id, string status, CancellationToken cancellationToken) =>
        await ChangeAsync(
            actor,
            id,
            (transaction, volume) =>
                !actor.IsAdmin ? VolumeRules.AdministratorsOnly(actor, "reset the status of volumes")
                : !VolumeStatus.Resettable.Contains(status) ? Refusal.Invalid(
                    "status", $"A volume cannot be reset to '{status}'.", $"Give one of {string.Join(", ", VolumeStatus.Resettable)}.")
                : Queue(
                    transaction,
                    actor,
                    id,
                    VolumeOperations.ResetStatus,
                    volume.SiteId,
                    FieldValue.Serialize(new StatusParameters(status), DomainJson.Default.StatusParameters)),
            cancellationToken);

    private async ValueTask<Outcome<Volume>> AskIfLackingAsync(
        Outcome<Volume> outcome, string project, QuotaAmounts more, CancellationToken cancellationToken)
    {
        if (outcome.Refusal is { Kind: RefusalKind.Quota })
        {
            await HardQuota.AskAsync(site, project, more, cancellationToken);
        }

        return outcome;
    }

    private async ValueTask<Outcome<Volume>> ChangeAsync(
        Actor actor, string id, Func<ITransaction, Volume, Outcome<Volume>> change, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            actor,
            transaction =>
                Find(actor, StateView.Of(transaction), id) is not { } volume ? Refusal.NotFound("volume", id)
                : !actor.IsMember ? VolumeRules.NotAllowed(actor, "changing volumes")
                : change(transaction, volume),
            cancellationToken);

    private void Write(ITransaction transaction, EntityKey key, Actor actor, CreateVolumeRequest request, VolumeCreation decision)
    {
        transaction.Set(key, "name", request.Name ?? "");
        transaction.Set(key, "description", request.Description ?? "");
        transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From(decision.SizeGib));
        transaction.Set(key, "project_id", decision.ProjectId);
        transaction.Set(key, "user_id", actor.UserId);
        transaction.Set(key, "type", decision.Type.Id);
        transaction.Set(key, "site", decision.SiteId);
        transaction.Set(key, VolumeEntity.Backend, decision.Backend);
        transaction.Set(key, "created_at", site.Now);
        VolumeEntity.WriteMetadata(transaction, key, request.Metadata ?? new Dictionary<string, string>());
        if (decision.SourceVolumeId is not null)
        {
            transaction.Set(key, "source_volume_id", decision.SourceVolumeId);
        }

        if (decision.SourceSnapshotId is not null)
        {
            transaction.Set(key, "source_snapshot_id", decision.SourceSnapshotId);
        }

        if (decision.IsEncrypted)
        {
            transaction.Set(key, VolumeEntity.Encrypted, FieldValue.From(true));
        }
    }

    private Outcome<Volume> Queue(
        ITransaction transaction, Actor actor, string id, string kind, string targetSite, FieldValue parameters, DateTimeOffset? deadline = null,
        IReadOnlyList<string>? seen = null)
    {
        var projectId = transaction.Find(VolumeEntity.Key(id))?.Text("project_id");
        var operationId = operations.Enqueue(
            transaction,
            new OperationRequest(kind, VolumeEntity.Key(id), targetSite, parameters) { ProjectId = projectId, Deadline = deadline, Seen = seen },
            actor);
        return Outcome<Volume>.Queued(For(actor, Find(actor, StateView.Of(transaction), id)!), operationId);
    }

    private Volume? Find(Actor actor, StateView state, string id) =>
        new VolumeReader(site, state).FindVolume(id) is { } volume && actor.MaySee(volume.ProjectId) ? volume : null;

    private static bool IsListed(Actor actor, VolumeFilter filter, Volume volume)
    {
        var inProject = actor.IsAdmin && filter.ProjectId is not null ? volume.ProjectId == filter.ProjectId
            : (actor.IsAdmin && filter.AllProjects) || volume.ProjectId == actor.ProjectId;
        return inProject
            && (filter.Name is null || volume.Name == filter.Name)
            && (filter.Status is null || volume.Status == filter.Status)
            && (filter.Site is null || volume.SiteName == filter.Site || volume.SiteId == filter.Site)
            && (filter.IsBootable is null || volume.IsBootable == filter.IsBootable)
            && (filter.Metadata is null || filter.Metadata.All(m => volume.Metadata.GetValueOrDefault(m.Key) == m.Value));
    }

    /// <summary>Tenants see volumes, not where and how they are kept.</summary>
    private static Volume For(Actor actor, Volume volume) =>
        actor.IsAdmin
            ? volume
            : volume with { Backend = null, AllocatedBytes = null, Primary = null, ErrorReason = VolumeRules.PublicReason(volume.Status, volume.ErrorReason) };
}
