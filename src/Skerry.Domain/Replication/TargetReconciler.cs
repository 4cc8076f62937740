using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>How long this site keeps what it no longer needs.</summary>
public sealed class ReplicaOptions
{
    /// <summary>How long the replica of a deleted volume, or of a deleted replication, stays restorable; by default 7 days.</summary>
    public TimeSpan TrashTime { get; init; } = TimeSpan.FromDays(7);
}

/// <summary>Says how this site's replicas are.</summary>
public sealed class TargetReconciler(
    SiteContext site, IEnumerable<IReplicaStore> stores, FreshStatuses fresh) : IReconciler
{
    private static readonly Actor Self = Actor.System("replication target");

    private readonly IReadOnlyList<IReplicaStore> _stores = [.. stores];
    private readonly StatusPace<TargetStatus> _pace = new(site.Time);

    public string Name => "replication-target";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Replication, EntityKinds.Generation, EntityKinds.Volume];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var any = false;
        foreach (var relation in Relation.All(state))
        {
            if (Generations.Primary(state, relation.VolumeId) is not { } primary
                || state.Find(EntityKinds.Volume, relation.VolumeId) is null || primary.Current.Site == site.SelfText
                || !IsReplicaHere(relation, primary))
            {
                continue;
            }

            any = true;
            await WriteAsync(relation, Status(relation, primary, await FindAsync(relation.VolumeId, cancellationToken)), cancellationToken);
        }

        return any ? StepResult.After(TimeSpan.FromMilliseconds(500)) : StepResult.Done;
    }

    private bool IsReplicaHere(Relation relation, PrimaryView primary) =>
        primary.Current.IsDemoted
            ? relation.BackendAt(site.SelfText) is not null
            : relation.ReplicaOf(primary.Current.Site).Site == site.SelfText;

    private async ValueTask<LocalCopy?> FindAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var store in _stores)
        {
            if (await store.FindAsync(volumeId, cancellationToken) is { } copy)
            {
                return copy;
            }
        }

        return null;
    }

    private TargetStatus Status(Relation relation, PrimaryView primary, LocalCopy? copy)
    {
        var (word, reason, nextStep) = Word(relation, primary, copy);
        var last = relation.Target is { } said && said.Generation == primary.Current.Number ? said : null;
        var since = last?.State == word ? last.Since : site.Now;
        return new TargetStatus(
            word, reason, nextStep, site.Now, since, copy?.RecoveryPoint, copy?.OwedBytes, copy?.HeardAt,
            copy?.LastTransfer ?? last?.LastTransfer, DivergedSnapshot(relation.VolumeId), primary.Current.Number)
        {
            Number = copy is { IsWhole: true } ? copy.Number : null,
            CopyGeneration = copy is { IsWhole: true } ? copy.Generation : null,
        };
    }

    private (string Word, string? Reason, string? NextStep) Word(Relation relation, PrimaryView primary, LocalCopy? copy)
    {
        var current = primary.Current;
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        var source = relation.SourceOf(current.Site);
        if (current.IsDemoted)
        {
            return (ReplicationWords.Demoted, "No copy of the volume takes writes.", "Promote the copy that is to be primary.");
        }

        if (relation.IsPaused)
        {
            return (ReplicationWords.Paused, "Somebody paused it.", "Resume it when the replica should follow again.");
        }

        if (copy is null)
        {
            return (ReplicationWords.Waiting, $"Nothing has come from site {names.NameOf(source)} yet.", null);
        }

        if (copy.Trouble is { } trouble)
        {
            var isDiverged = copy.Number > current.ForkNumber && copy.Generation < current.Number
                && relation.OnReturn == ReturnPolicies.Wait && relation.ResyncGeneration != current.Id;
            return (isDiverged ? ReplicationWords.Diverged : ReplicationWords.Error, trouble.Message, trouble.NextStep);
        }

        if (copy.IsCatchingUp || !copy.IsWhole)
        {
            var isResync = copy.IsWhole && copy.Generation < current.Number && copy.Number > current.ForkNumber;
            return isResync
                ? (ReplicationWords.Resyncing, $"What this copy wrote apart from generation {current.Number} is replaced.", null)
                : (ReplicationWords.Updating, null, null);
        }

        return copy.IsConnected || relation.Mode != ReplicationModes.Instant
            ? (ReplicationWords.Secondary, null, null)
            : (
                ReplicationWords.Disconnected,
                $"Site {names.NameOf(source)} is not connected; what is here stands at number {copy.Number}.",
                "It goes on by itself when the site returns. If that is lost, fail over by force.");
    }

    private string? DivergedSnapshot(string volumeId) =>
        StateView.Of(site.Replica).List(EntityKinds.Snapshot)
            .Where(s => s.Text("volume_id") == volumeId && s.Text("site") == site.SelfText
                && s.Text("name", "").StartsWith("diverged-", StringComparison.Ordinal))
            .OrderBy(s => s.CreatedStamp)
            .Select(s => s.Id)
            .LastOrDefault();

    private async ValueTask WriteAsync(Relation relation, TargetStatus status, CancellationToken cancellationToken)
    {
        fresh.Note(relation.Id, status);
        var last = relation.Target;
        var isNews = last is null || last.Generation != status.Generation || last.State != status.State || last.Reason != status.Reason
            || (last.RecoveryPoint is null) != (status.RecoveryPoint is null) || last.LastTransfer != status.LastTransfer
            || last.DivergedSnapshotId != status.DivergedSnapshotId;
        var isMoving = last?.RecoveryPoint?.Number != status.RecoveryPoint?.Number || last?.OwedBytes != status.OwedBytes;
        if (!_pace.IsDue(relation.Id, isNews, isMoving))
        {
            return;
        }

        var value = FieldValue.Serialize(status, ReplicationJson.Default.TargetStatus);
        await _pace.WriteAsync(
            site, Self, isNews,
            transaction =>
            {
                if (Relation.Find(StateView.Of(transaction), relation.Id) is not null)
                {
                    transaction.Set(Relation.Key(relation.Id), Relation.TargetStatusField, value, DomainSchema.OwnerRank);
                }
            },
            cancellationToken);
    }
}
