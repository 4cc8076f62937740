namespace Skerry.Domain.Replication;

/// <summary>
/// When runs of a one-time or periodic replication are due. Derived from what is stored, so a missed run is run once, however many
/// were missed, and a restart changes nothing. A run is named by the time that it was due.
/// </summary>
/// <remarks>
/// The first run is at the start, which is the creation, or the last change of the schedule, unless a start was given; with times of day
/// and a start it is the first of these at or after it. Clocks may be set back: a completed run that lies beyond the next planned one is
/// of a time that has not been yet, and holds nothing up.
/// </remarks>
internal static class ReplicationSchedule
{
    /// <summary>The most missed runs that are counted at once.</summary>
    private const int MostMissed = 1000;

    /// <summary>The newest run that was due by now; null when none was.</summary>
    /// <param name="relation">The relation.</param>
    /// <param name="now">By the clock of the primary's site.</param>
    /// <param name="askedSeenAt">
    /// When this site first saw the request for a run that stands, by its own clock: who asked may have another time.
    /// </param>
    public static DateTimeOffset? Due(Relation relation, DateTimeOffset now, DateTimeOffset? askedSeenAt = null)
    {
        var scheduled = Planned(relation, now) is { } planned && !(Completed(relation, now) >= planned) ? planned : (DateTimeOffset?)null;
        var asked = IsAsked(relation) ? askedSeenAt ?? now : (DateTimeOffset?)null;
        return scheduled is { } s && asked is { } a ? (s > a ? s : a) : scheduled ?? asked;
    }

    /// <summary>True while a request for a run stands that no run has answered.</summary>
    public static bool IsAsked(Relation relation) =>
        relation.SyncRequestedAt is { } asked
        && (relation.Source?.AnsweredSyncAt is { } answered ? asked != answered : !(relation.Source?.CompletedRun >= asked));

    /// <summary>The next run after now; null when none is planned.</summary>
    public static DateTimeOffset? Next(Relation relation, DateTimeOffset now) => relation.Mode switch
    {
        ReplicationModes.OneTime => Start(relation) > now ? Start(relation) : null,
        ReplicationModes.Periodic => FirstAfter(relation, now),
        _ => null,
    };

    /// <summary>How many planned runs will never be run because the one that is due takes their place; at most a thousand at once.</summary>
    /// <param name="relation">The relation.</param>
    /// <param name="run">The run that is due.</param>
    /// <returns>The number, and the planned run that the next count begins at.</returns>
    public static (int Count, DateTimeOffset? UpTo) Missed(Relation relation, DateTimeOffset run)
    {
        if (relation.Mode != ReplicationModes.Periodic || LastBy(relation, run) is not { } planned)
        {
            return (0, relation.Source?.MissedUpTo);
        }

        var since = (relation.ScheduledAt ?? relation.CreatedAt).AddTicks(-1);
        since = relation.Source?.CompletedRun is { } completed && completed > since ? completed : since;
        since = relation.Source?.MissedUpTo is { } counted && counted > since ? counted.AddTicks(-1) : since;
        return (PlannedBetween(relation, since, planned), planned);
    }

    /// <summary>How many runs are planned after the one moment and before the other; at most a thousand.</summary>
    public static int PlannedBetween(Relation relation, DateTimeOffset after, DateTimeOffset before)
    {
        var count = 0;
        for (var at = FirstAfter(relation, after); at < before && count < MostMissed; at = FirstAfter(relation, at.Value))
        {
            count++;
        }

        return count;
    }

    /// <summary>The newest planned run by now, whether it was run or not.</summary>
    private static DateTimeOffset? Planned(Relation relation, DateTimeOffset now) => relation.Mode switch
    {
        ReplicationModes.OneTime => Start(relation) <= now ? Start(relation) : null,
        ReplicationModes.Periodic => LastBy(relation, now),
        _ => null,
    };

    private static DateTimeOffset? Completed(Relation relation, DateTimeOffset now) =>
        relation.Source?.CompletedRun is { } completed
            && !(relation.Mode == ReplicationModes.Periodic && completed > now && FirstAfter(relation, now) < completed)
            ? completed
            : null;

    private static DateTimeOffset? LastBy(Relation relation, DateTimeOffset now)
    {
        var start = Start(relation);
        if (relation.WallClock is not { } clock)
        {
            return now < start ? null : start + ((now - start).Ticks / Interval(relation).Ticks * Interval(relation));
        }

        var first = relation.StartAt is null ? start : clock.FirstAfter(start - TimeSpan.FromTicks(1)) ?? start;
        return now < first ? null : clock.LastBy(now) is { } last && last > first ? last : first;
    }

    private static DateTimeOffset? FirstAfter(Relation relation, DateTimeOffset moment)
    {
        var start = Start(relation);
        return relation.WallClock is not { } clock
            ? moment < start ? start : start + (((moment - start).Ticks / Interval(relation).Ticks + 1) * Interval(relation))
            : moment >= start ? clock.FirstAfter(moment)
            : relation.StartAt is null ? start
            : clock.FirstAfter(start - TimeSpan.FromTicks(1));
    }

    private static DateTimeOffset Start(Relation relation) => relation.StartAt ?? relation.ScheduledAt ?? relation.CreatedAt;

    /// <summary>Two sites that changed the schedule at once may leave a periodic relation without an interval; it must not run all the time.</summary>
    private static TimeSpan Interval(Relation relation) =>
        TimeSpan.FromSeconds(relation.IntervalSeconds is { } seconds ? Math.Max(1, seconds) : 3600);
}
