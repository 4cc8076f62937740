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

/// <summary>Shows what happened at this site. For administrators: events name sites.</summary>
public sealed class EventService(EventJournal journal)
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

        return Outcome<IReadOnlyList<SiteEvent>>.Of(
        [
            .. journal.List().Where(e => (filter.Kind is null || e.Kind == filter.Kind)
                && (filter.VolumeId is null || e.VolumeId == filter.VolumeId)
                && (filter.Since is null || e.At >= filter.Since)),
        ]);
    }
}
