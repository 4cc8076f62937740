using Skerry.Domain.Replication;

namespace Skerry.Domain.Events;

/// <summary>Which events to list; everything null lists all that are kept.</summary>
public sealed record EventFilter
{
    /// <summary>One of <see cref="EventKinds"/>.</summary>
    public string? Kind { get; init; }

    public string? VolumeId { get; init; }

    /// <summary>Those that the site noticed at this moment or later.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>
/// Shows what happened at this site: its journal, and the transfers that its history has, each where it belongs in time. For
/// administrators: events name sites.
/// </summary>
public sealed class EventService(SiteContext site, EventJournal journal, TransferHistory transfers)
{
    /// <summary>Oldest first.</summary>
    public Outcome<IReadOnlyList<SiteEvent>> List(Actor actor, EventFilter filter)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Events are for administrators.");
        }

        if (filter.Kind is { } kind && !EventKinds.All.Contains(kind))
        {
            return Refusal.Invalid("kind", $"There is no kind of event {kind}.", $"The kinds are {string.Join(", ", EventKinds.All)}.");
        }

        var noted = filter.Kind == EventKinds.Transfer ? [] : journal.List().Where(Fits);
        var ended = filter.Kind is null or EventKinds.Transfer ? Transfers(filter.VolumeId).Where(Fits) : [];
        return Outcome<IReadOnlyList<SiteEvent>>.Of(Merged(noted, [.. ended.OrderBy(e => e.At).ThenBy(e => e.Id, StringComparer.Ordinal)]));

        bool Fits(SiteEvent told) =>
            (filter.Kind is null || told.Kind == filter.Kind)
            && (filter.VolumeId is null || told.VolumeId == filter.VolumeId)
            && (filter.Since is null || told.At >= filter.Since);
    }

    private IEnumerable<SiteEvent> Transfers(string? volumeId)
    {
        var state = StateView.Of(site.Replica);
        return from relation in volumeId is null ? Relation.All(state) : Relation.OfVolume(state, volumeId)
               where relation.BackendAt(site.SelfText) is not null
               let name = state.Find(EntityKinds.Volume, relation.VolumeId)?.Text("name")
               from entry in transfers.List(relation.Id)
               where entry.Side == "source"
               select TransferEvent.Of(site.SelfText, relation, name, entry);
    }

    /// <summary>The journal keeps its order, whatever the clock did meanwhile: its sequence is what a reader goes on from.</summary>
    private static List<SiteEvent> Merged(IEnumerable<SiteEvent> noted, List<SiteEvent> ended)
    {
        var merged = new List<SiteEvent>();
        var next = 0;
        foreach (var told in noted)
        {
            for (; next < ended.Count && ended[next].At <= told.At; next++)
            {
                merged.Add(ended[next]);
            }

            merged.Add(told);
        }

        merged.AddRange(ended[next..]);
        return merged;
    }
}
