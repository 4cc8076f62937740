using Skerry.Domain.Groups;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>Keeps the sending side in line with the state: one task of a mover for each relation whose source is here: the volume's primary, or a
/// replica that passes on what it has.</summary>
public sealed class SourceReconciler(
    SiteContext site, VolumeDrivers drivers, IEnumerable<IDataMover> movers, FreshStatuses fresh, MoverTasks tasks, GroupCuts? cuts = null,
    TransferHistory? history = null) : IReconciler
{
    private static readonly Actor Self = Actor.System("replication source");

    private static readonly TimeSpan SteadyPace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BusyPace = TimeSpan.FromMilliseconds(250);

    /// <summary>In the first second of a run: most have little to move, and whoever asked for one waits for it.</summary>
    private static readonly TimeSpan FreshPace = TimeSpan.FromMilliseconds(20);

    private readonly GroupCuts _cuts = cuts ?? new GroupCuts();
    private readonly Dictionary<string, IDataMover> _movers = movers.ToDictionary(m => m.Driver, StringComparer.Ordinal);
    private readonly Dictionary<string, Begun> _begun = new(StringComparer.Ordinal);
    private readonly StatusPace<SourceStatus> _pace = new(site.Time);

    /// <summary>The request for a run that stands, by relation, and when this site first saw it.</summary>
    private readonly Dictionary<string, (DateTimeOffset Asked, DateTimeOffset SeenAt)> _asked = new(StringComparer.Ordinal);

    /// <summary>Relations that need no look before a moment, unless they, a group or the generations change: most periodic ones, most of the time.</summary>
    private readonly Dictionary<string, Rest> _resting = new(StringComparer.Ordinal);

    private readonly Dictionary<string, IReadOnlyList<EndedTransfer>> _recorded = new(StringComparer.Ordinal);
    private readonly List<StepReport> _reports = [];
    private IReadOnlyList<Entity> _generations = [];
    private IReadOnlyList<Entity> _all = [];
    private IReadOnlyList<Entity> _groups = [];

    public string Name => "replication-source";

    public IReadOnlyCollection<string> Kinds { get; } =
        [EntityKinds.Replication, EntityKinds.Generation, EntityKinds.Volume, EntityKinds.Handover, EntityKinds.Group];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        Forget(state);
        Dictionary<string, long>? open = null;
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        var isSteady = true;
        var isFresh = false;
        DateTimeOffset? next = null;
        _reports.Clear();
        foreach (var relation in Relation.All(state))
        {
            if (_resting.TryGetValue(relation.Id, out var rest) && rest.Holds(relation, site.Now)
                && state.Find(EntityKinds.Volume, relation.VolumeId) is not null)
            {
                next = Earlier(next, rest.Until);
                continue;
            }

            _resting.Remove(relation.Id);
            if (Generations.Primary(state, relation.VolumeId) is not { } primary || !IsSource(relation, primary))
            {
                _resting[relation.Id] = new Rest(relation, site.Now, null);
                continue;
            }

            if (state.Find(EntityKinds.Volume, relation.VolumeId) is null
                || drivers.Holding(relation.VolumeId) is not { } driver || !_movers.TryGetValue(driver.DriverName, out var mover))
            {
                continue;
            }

            // Where the target may promote itself by a lease, the source goes on asking for it: not to would stop the volume.
            if (relation.IsPaused && !relation.Stops)
            {
                isSteady &= await WriteAsync(relation, Paused(relation, primary.Current), cancellationToken);
                fresh.Rest(relation.Id, new RestingLag(mover, relation.VolumeId, site.Time));
                continue;
            }

            var isPassedOn = primary.Current.Site != site.SelfText;

            // Before the copy is open in this generation nothing may be said of it as a primary; a handover keeps it closed.
            open ??= await OpenHereAsync(cancellationToken);
            if (!isPassedOn && (!open.TryGetValue(relation.VolumeId, out var generation) || generation != primary.Current.Number))
            {
                if (_begun.ContainsKey(relation.Id))
                {
                    wanted.Add(relation.Id);
                }

                isSteady = false;
                continue;
            }

            var run = relation.Mode == ReplicationModes.Instant ? null : Run(relation);
            var group = isPassedOn || relation.Mode == ReplicationModes.Instant ? null : GroupCuts.Carrier(state, relation);
            run ??= group is null ? null : GroupCuts.Owed(group, relation, site.SelfText);
            if (relation.Mode != ReplicationModes.Instant && run is null)
            {
                _cuts.NotDue(relation.Id);
                var until = ReplicationSchedule.Next(relation, site.Now);
                _resting[relation.Id] = new Rest(relation, site.Now, until);
                fresh.Rest(relation.Id, new RestingLag(mover, relation.VolumeId, site.Time));
                next = Earlier(next, until);
                continue;
            }

            ShippedCut? cut = null;
            if (run is { } due && group is not null)
            {
                _cuts.Due(relation.Id, due);
                if ((cut = GroupCuts.CutOf(group, due)) is null)
                {
                    // All members ship one cut; the group's reconciler is about to take it.
                    isSteady = false;
                    continue;
                }

                run = cut.Run;
            }

            wanted.Add(relation.Id);
            var task = tasks.Of(state, relation, driver.Backend, primary.Current, run) with
            {
                CutId = cut?.CutId,

                // What a replica has of runs it has from its source, and a run of a group ships the snapshot of its cut.
                RunSnapshotId = run is { } kept && !isPassedOn && cut is null
                    ? await RunSnapshot.PrepareAsync(site, Self, relation, primary.Current.Id, kept, cancellationToken)
                    : null,
            };
            var report = mover.Synchronize(task);
            _begun[relation.Id] = new Begun(mover, relation.VolumeId, run, report.Transfer is not null);
            Record(relation.Id, report.Ended);
            isSteady &= await WriteAsync(relation, Status(relation, primary.Current, report, run), cancellationToken);
            isFresh |= run is { } begun && !(report.CompletedRun >= begun) && site.Now - begun < TimeSpan.FromSeconds(1);
            isSteady &= report.Transfer is null
                && (report.State == ReplicationWords.Secondary || report.Retry is { AttemptsLeft: 0 });
        }

        _cuts.IsKnown = true;
        await EndOthersAsync(state, wanted, cancellationToken);
        return (wanted.Count > 0 || !isSteady ? StepResult.After(isFresh ? FreshPace : isSteady ? SteadyPace : BusyPace)
            : next is { } at ? StepResult.After(at > site.Now ? at - site.Now : TimeSpan.Zero)
            : StepResult.Done).With([.. _reports]);
    }

    private void Forget(StateView state)
    {
        var (generations, all, groups) = (state.List(EntityKinds.Generation), state.List(EntityKinds.Replication), state.List(EntityKinds.Group));
        if (!ReferenceEquals(generations, _generations) || !ReferenceEquals(groups, _groups))
        {
            (_generations, _groups) = (generations, groups);
            _resting.Clear();
        }

        if (!ReferenceEquals(all, _all))
        {
            _all = all;
            var ids = all.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
            fresh.KeepOnly(ids);
            history?.KeepOnly(ids);
            foreach (var id in _resting.Keys.Concat(_asked.Keys).Concat(_recorded.Keys).Where(id => !ids.Contains(id)).ToList())
            {
                _resting.Remove(id);
                _asked.Remove(id);
                _recorded.Remove(id);
            }
        }
    }

    /// <summary>
    /// The run to be made. One whose transfer is under way is completed though the next is due meanwhile; one that does not get on gives
    /// way to it.
    /// </summary>
    private DateTimeOffset? Run(Relation relation)
    {
        var due = ReplicationSchedule.Due(relation, site.Now, AskedSeenAt(relation));
        return due is not null && _begun.TryGetValue(relation.Id, out var begun) && begun is { Run: { } run, IsTransferring: true }
            && !(relation.Source?.CompletedRun >= run)
            ? run
            : due;
    }

    private void Record(string replicationId, IReadOnlyList<EndedTransfer> ended)
    {
        var known = _recorded.GetValueOrDefault(replicationId, []);
        if (ReferenceEquals(known, ended))
        {
            return;
        }

        _recorded[replicationId] = ended;
        foreach (var transfer in ended.Where(e => !known.Contains(e, ReferenceEqualityComparer.Instance)))
        {
            if (history?.Add(replicationId, TransferEntry.Of("source", transfer.Transfer, transfer.Failure, site.Now)) is { } trouble)
            {
                _reports.Add(new StepReport(trouble, IsProblem: true));
            }
        }
    }

    private bool IsSource(Relation relation, PrimaryView primary) =>
        !primary.IsSplitBrain && !primary.Current.IsDemoted && relation.SourceOf(primary.Current.Site) == site.SelfText;

    private DateTimeOffset? AskedSeenAt(Relation relation)
    {
        if (!ReplicationSchedule.IsAsked(relation))
        {
            _asked.Remove(relation.Id);
            return null;
        }

        var asked = relation.SyncRequestedAt!.Value;
        if (!_asked.TryGetValue(relation.Id, out var known) || known.Asked != asked)
        {
            _asked[relation.Id] = known = (asked, site.Now);
        }

        return known.SeenAt;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is { } a && other is { } b ? (a < b ? a : b) : one ?? other;

    private async ValueTask<Dictionary<string, long>> OpenHereAsync(CancellationToken cancellationToken)
    {
        var open = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var driver in drivers.All)
        {
            foreach (var local in await driver.ListLocalAsync(cancellationToken))
            {
                if (local.OpenGeneration is { } generation)
                {
                    open[local.VolumeId] = generation;
                }
            }
        }

        return open;
    }

    /// <summary>What is no longer wanted ends; what it kept here for going on is dropped when it will not go on from here.</summary>
    private async ValueTask EndOthersAsync(StateView state, HashSet<string> wanted, CancellationToken cancellationToken)
    {
        foreach (var (id, begun) in _begun.Where(b => !wanted.Contains(b.Key)).ToList())
        {
            var primary = Generations.Primary(state, begun.VolumeId);
            var relation = Relation.Find(state, id);
            await begun.Mover.CleanupAsync(
                id, begun.VolumeId, relation is null || primary is null || !IsSource(relation, primary), cancellationToken);
            if (primary?.IsPrimary(site.SelfText) == true && relation is not { IsPaused: false, Mode: ReplicationModes.Instant })
            {
                // Whoever lost the volume keeps what waits waiting: it is nothing that this site could still acknowledge.
                begun.Mover.Disarm(id, begun.VolumeId);
            }

            _begun.Remove(id);
        }
    }

    private SourceStatus Status(Relation relation, Generation generation, MoverReport report, DateTimeOffset? run)
    {
        var isAnswered = run is not null && report.CompletedRun == run && _asked.TryGetValue(relation.Id, out var asked) && run >= asked.SeenAt;
        var (missed, missedUpTo) = run is { } due ? ReplicationSchedule.Missed(relation, due) : (0, relation.Source?.MissedUpTo);
        var last = relation.Source is { } source && source.Generation == generation.Number ? source : null;
        var since = last?.State == report.State ? last.Since : site.Now;
        return new SourceStatus(
            report.State, report.Reason, report.NextStep, site.Now, since, generation.Number, report.LagBytes, report.LagSeconds,
            report.PrimaryNumber, report.ReplicaNumber ?? last?.ReplicaNumber, report.Transfer, report.LastTransfer ?? last?.LastTransfer,
            report.LastSyncAt ?? last?.LastSyncAt, report.CompletedRun ?? relation.Source?.CompletedRun)
        {
            Peer = relation.ReplicaOf(generation.Site).Site,
            Retry = report.Retry,
            AnsweredSyncAt = isAnswered ? _asked[relation.Id].Asked : relation.Source?.AnsweredSyncAt,
            MissedRuns = (relation.Source?.MissedRuns ?? 0) + missed,
            MissedBefore = MissedBefore(relation, generation),
            MissedUpTo = missedUpTo,
            Acks = report.Acks,
        };
    }

    private SourceStatus Paused(Relation relation, Generation generation)
    {
        var last = relation.Source;
        return new SourceStatus(
            ReplicationWords.Paused, relation.WhyPaused.Reason, relation.WhyPaused.NextStep, site.Now,
            last?.State == ReplicationWords.Paused ? last.Since : site.Now, generation.Number, last?.LagBytes, last?.LagSeconds,
            last?.PrimaryNumber ?? 0, last?.ReplicaNumber, null, last?.LastTransfer, last?.LastSyncAt, last?.CompletedRun)
        {
            Peer = relation.ReplicaOf(generation.Site).Site,
            AnsweredSyncAt = last?.AnsweredSyncAt,
            MissedRuns = last?.MissedRuns ?? 0,
            MissedBefore = MissedBefore(relation, generation),
            // What is planned while it is paused is not missed.
            MissedUpTo = site.Now,
        };
    }

    private static long MissedBefore(Relation relation, Generation generation) =>
        relation.Source is not { } last ? 0 : last.Generation == generation.Number ? last.MissedBefore : last.MissedRuns;

    /// <summary>False when the state word changed just now.</summary>
    private async ValueTask<bool> WriteAsync(Relation relation, SourceStatus status, CancellationToken cancellationToken)
    {
        fresh.Note(relation.Id, status);
        var (last, key) = (relation.Source, Relation.Key(relation.Id));
        var isNews = last is null || last.State != status.State || last.Reason != status.Reason || last.Generation != status.Generation
            || last.CompletedRun != status.CompletedRun || last.MissedRuns != status.MissedRuns || last.AnsweredSyncAt != status.AnsweredSyncAt
            || (last.Transfer is null) != (status.Transfer is null) || last.LastTransfer != status.LastTransfer || last.Acks != status.Acks;
        var isMoving = last is not null
            && (last.LagBytes, last.PrimaryNumber, last.ReplicaNumber, last.Transfer?.DoneBytes)
                != (status.LagBytes, status.PrimaryNumber, status.ReplicaNumber, status.Transfer?.DoneBytes);
        if (!_pace.IsDue(relation.Id, isNews, isMoving))
        {
            return true;
        }

        var value = FieldValue.Serialize(status, ReplicationJson.Default.SourceStatus);
        await _pace.WriteAsync(
            site, Self, isNews,
            transaction =>
            {
                if (Relation.Find(StateView.Of(transaction), relation.Id) is not null)
                {
                    transaction.Set(key, Relation.SourceStatusField, value, DomainSchema.OwnerRank);
                    if (status.LastTransfer is not null && relation.AdoptFrom is not null)
                    {
                        // Done once: a copy that loses its history later is not to be written over without a word.
                        transaction.Set(key, Relation.AdoptField, null);
                    }
                }
            },
            cancellationToken);
        return !isNews;
    }

    private sealed record Begun(IDataMover Mover, string VolumeId, DateTimeOffset? Run, bool IsTransferring);

    /// <summary>A clock that is set back ends it too.</summary>
    private sealed record Rest(Relation Relation, DateTimeOffset Since, DateTimeOffset? Until)
    {
        public bool Holds(Relation relation, DateTimeOffset now) => ReferenceEquals(Relation, relation) && now >= Since && !(now >= Until);
    }
}
