using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Events;

/// <summary>Notes what happened at this site in its journal.</summary>
/// <remarks>
/// Each step looks at what changed since the last one; the first one at everything. What changed is taken for seen only when it was
/// noted. Statuses of replications change all the time, so they are looked at once a second. A replica falls behind by time alone, so for that
/// all are looked at, every five seconds.
/// </remarks>
/// <param name="site">This site.</param>
/// <param name="journal">Where it notes it.</param>
/// <param name="fresh">What it found out of its replications since it last wrote it.</param>
/// <param name="options">What is worth a note.</param>
public sealed class EventReconciler(SiteContext site, EventJournal journal, FreshStatuses fresh, EventOptions options) : IReconciler
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(5);

    private Seen _seen = new([], [], [], []);
    private long? _measuredAt;

    public string Name => "events";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Generation, EntityKinds.Operation, EntityKinds.Snapshot];

    public ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica).AtOneMoment();
        var now = new Seen(
            state.List(EntityKinds.Generation), state.List(EntityKinds.Replication), state.List(EntityKinds.Snapshot), state.List(EntityKinds.Operation));
        var facts = new EventFacts(site, state, journal.MarkOf);
        var drafts = Changed(facts, now).Concat(Lags(state));
        if (journal.Id is null)
        {
            journal.Begin(site.Ids.NewUuid(), drafts);
            _seen = now;
            return ValueTask.FromResult(StepResult.After(LookEvery));
        }

        var told = journal.Append(drafts);
        _seen = now;
        if (journal.IsOvergrown)
        {
            journal.Compact(facts.IsGone);
        }

        return ValueTask.FromResult(StepResult.After(LookEvery).With([.. told.Select(e => new StepReport(e.Message, IsProblem(e)))]));
    }

    private IEnumerable<EventDraft> Changed(EventFacts facts, Seen now)
    {
        var volumes = Changed(_seen.Generations, now.Generations).Select(g => g.Id[..Math.Max(0, g.Id.IndexOf('/', StringComparison.Ordinal))]).Distinct();
        return volumes.SelectMany(facts.OfVolume)
            .Concat(Changed(_seen.Relations, now.Relations).SelectMany(facts.OfRelation))
            .Concat(Changed(_seen.Snapshots, now.Snapshots).Select(facts.OfSnapshot).OfType<EventDraft>())
            .Concat(Changed(_seen.Operations, now.Operations).Select(facts.OfOperation).OfType<EventDraft>());
    }

    private IEnumerable<EventDraft> Lags(StateView state)
    {
        if (_measuredAt is { } at && site.Time.GetElapsedTime(at) < MeasureEvery)
        {
            return [];
        }

        _measuredAt = site.Time.GetTimestamp();
        var lags = new LagFacts(site, state, fresh, journal.MarkOf, options.BehindAfter);
        return Relation.All(state).Select(lags.OfRelation).OfType<EventDraft>();
    }

    /// <summary>Entities never change, and both lists are in order of ids.</summary>
    private static IEnumerable<Entity> Changed(IReadOnlyList<Entity> before, IReadOnlyList<Entity> now)
    {
        if (ReferenceEquals(before, now))
        {
            yield break;
        }

        var at = 0;
        foreach (var entity in now)
        {
            while (at < before.Count && string.CompareOrdinal(before[at].Id, entity.Id) < 0)
            {
                at++;
            }

            if (at >= before.Count || !ReferenceEquals(before[at], entity))
            {
                yield return entity;
            }
        }
    }

    private static bool IsProblem(SiteEvent told) =>
        told.Kind is EventKinds.Diverged or EventKinds.SplitBrain or EventKinds.RunsMissed or EventKinds.Behind || told.Reason is not null
        || told.Cause is RoleCauses.Forced or RoleCauses.Automatic;

    private sealed record Seen(
        IReadOnlyList<Entity> Generations, IReadOnlyList<Entity> Relations, IReadOnlyList<Entity> Snapshots, IReadOnlyList<Entity> Operations);
}

/// <summary>What a site notes.</summary>
public sealed record EventOptions
{
    /// <summary>How far behind an instant replica may be, and how late a periodic run, before that is an event.</summary>
    public TimeSpan BehindAfter { get; init; } = TimeSpan.FromMinutes(1);
}
