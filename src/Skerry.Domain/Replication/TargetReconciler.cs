using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>Says how this site's replicas are.</summary>
public sealed class TargetReconciler(
    SiteContext site, IEnumerable<IReplicaStore> stores, FreshStatuses fresh, TransferHistory? history = null) : IReconciler
{
    private static readonly Actor Self = Actor.System("replication target");

    private static readonly TimeSpan BusyPace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RestPace = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<IReplicaStore> _stores = [.. stores];
    private readonly StatusPace<TargetStatus> _pace = new(site.Time);

    /// <summary>
    /// Copies that wait for their next run: as they were found, they are until a source comes or the state changes. A thousand of them
    /// must cost next to nothing.
    /// </summary>
    private readonly Dictionary<string, Rest> _resting = new(StringComparer.Ordinal);

    private readonly Dictionary<string, TransferStatus> _recorded = new(StringComparer.Ordinal);
    private readonly List<StepReport> _reports = [];
    private IReadOnlyList<Entity> _generations = [];

    public string Name => "replication-target";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Replication, EntityKinds.Generation, EntityKinds.Volume];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var (isBusy, isAny) = (false, false);
        _reports.Clear();
        if (state.List(EntityKinds.Generation) is var generations && !ReferenceEquals(generations, _generations))
        {
            _generations = generations;
            _resting.Clear();
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var relation in Relation.All(state))
        {
            ids.Add(relation.Id);
            if (_resting.TryGetValue(relation.Id, out var rest) && ReferenceEquals(rest.Relation, relation)
                && rest.Visits == Visits(relation.VolumeId) && state.Find(EntityKinds.Volume, relation.VolumeId) is not null)
            {
                if (rest.Status is { } still)
                {
                    isAny = true;
                    fresh.Note(relation.Id, still with { At = site.Now });
                }

                continue;
            }

            _resting.Remove(relation.Id);
            if (Generations.Primary(state, relation.VolumeId) is not { } primary
                || state.Find(EntityKinds.Volume, relation.VolumeId) is null)
            {
                continue;
            }

            var visits = Visits(relation.VolumeId);
            if (primary.Current.Site == site.SelfText || !IsReplicaHere(relation, primary))
            {
                _resting[relation.Id] = new Rest(relation, visits, null);
                continue;
            }

            isAny = true;
            var copy = await FindAsync(relation.VolumeId, cancellationToken);
            var status = Status(relation, primary, copy);
            Record(relation.Id, copy?.LastTransfer);
            await WriteAsync(relation, status, cancellationToken);
            var isAtRest = relation.Mode != ReplicationModes.Instant && copy is not { IsConnected: true } && copy is not { IsCatchingUp: true }
                && relation.Target is { } written && written with { At = status.At, Since = status.Since } == status;
            if (isAtRest)
            {
                _resting[relation.Id] = new Rest(relation, visits, status);
            }

            isBusy |= !isAtRest;
        }

        foreach (var id in _resting.Keys.Concat(_recorded.Keys).Where(id => !ids.Contains(id)).ToList())
        {
            _resting.Remove(id);
            _recorded.Remove(id);
        }

        return (isBusy ? StepResult.After(BusyPace) : isAny ? StepResult.After(RestPace) : StepResult.Done).With([.. _reports]);
    }

    private long Visits(string volumeId)
    {
        long visits = 0;
        foreach (var store in _stores)
        {
            visits += store.Visits(volumeId);
        }

        return visits;
    }

    private void Record(string replicationId, TransferStatus? transfer)
    {
        if (transfer is null || (_recorded.TryGetValue(replicationId, out var known) && ReferenceEquals(known, transfer)))
        {
            return;
        }

        _recorded[replicationId] = transfer;
        if (history?.Add(replicationId, TransferEntry.Of("target", transfer, null, site.Now)) is { } trouble)
        {
            _reports.Add(new StepReport(trouble, IsProblem: true));
        }
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
            Site = site.SelfText,
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
            return (ReplicationWords.Paused, relation.WhyPaused.Reason, relation.WhyPaused.NextStep);
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

        if (relation.AdoptFrom is not null)
        {
            return (ReplicationWords.Resyncing, "The copy here is to be taken over; until that is done it is none of this volume.", null);
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

    private sealed record Rest(Relation Relation, long Visits, TargetStatus? Status);
}
