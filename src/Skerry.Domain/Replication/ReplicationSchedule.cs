namespace Skerry.Domain.Replication;

/// <summary>
/// When runs of a one-time or periodic replication are due. Derived from what is stored, so a missed run is run once, however many
/// were missed, and a restart changes nothing.
/// </summary>
internal static class ReplicationSchedule
{
    /// <summary>The newest run that was due by now; null when none was. A run is named by the time that it was due.</summary>
    public static DateTimeOffset? Due(Relation relation, DateTimeOffset now)
    {
        var scheduled = relation.Mode switch
        {
            ReplicationModes.OneTime => Start(relation) <= now ? Start(relation) : null,
            ReplicationModes.Periodic => LastBoundary(relation, now),
            _ => (DateTimeOffset?)null,
        };
        var asked = relation.SyncRequestedAt is { } at && at <= now ? at : (DateTimeOffset?)null;
        var due = scheduled is { } s && asked is { } a ? (s > a ? s : a) : scheduled ?? asked;
        return due is { } run && (relation.Source?.CompletedRun is not { } completed || completed < run) ? run : null;
    }

    /// <summary>The next run after now; null when none is planned.</summary>
    public static DateTimeOffset? Next(Relation relation, DateTimeOffset now) => relation.Mode switch
    {
        ReplicationModes.OneTime => Start(relation) > now ? Start(relation) : null,
        ReplicationModes.Periodic => LastBoundary(relation, now) is { } last ? last + Interval(relation) : Start(relation),
        _ => null,
    };

    private static DateTimeOffset? LastBoundary(Relation relation, DateTimeOffset now)
    {
        var start = Start(relation);
        return now < start ? null : start + ((now - start).Ticks / Interval(relation).Ticks * Interval(relation));
    }

    private static DateTimeOffset Start(Relation relation) => relation.StartAt ?? relation.CreatedAt;

    private static TimeSpan Interval(Relation relation) => TimeSpan.FromSeconds(Math.Max(1, relation.IntervalSeconds ?? 1));
}
