namespace Skerry.Domain.Replication;

/// <summary>What people choose about a replication, as a whole: made or changed, it must make sense as one.</summary>
internal sealed record ReplicationTerms(
    string Mode, long? IntervalSeconds, DateTimeOffset? StartAt, string? At, string? Days, string? TimeZone, string OnReturn)
{
    private const int LeastIntervalSeconds = 10;

    /// <summary>As in <see cref="Relation.KeepSource"/>, as it was written; empty for nothing said.</summary>
    public string KeepSource { get; init; } = "";

    /// <summary>As in <see cref="Relation.KeepTarget"/>.</summary>
    public string KeepTarget { get; init; } = "";

    public static ReplicationTerms Of(CreateReplicationRequest request) =>
        new(request.Mode, request.IntervalSeconds, request.StartAt, request.At, request.Days, request.TimeZone, request.OnReturn)
        {
            KeepSource = Kept(request.KeepSource) ?? "",
            KeepTarget = Kept(request.KeepTarget) ?? "",
        };

    public static ReplicationTerms Of(Relation relation) =>
        new(
            relation.Mode, relation.Times is null ? relation.IntervalSeconds : null, relation.StartAt, relation.Times, relation.Days, relation.TimeZone, relation.OnReturn)
        {
            KeepSource = relation.KeepSource?.ToString() ?? "",
            KeepTarget = relation.KeepTarget?.ToString() ?? "",
        };

    /// <summary>
    /// With what the request names changed. What belongs to a mode goes with it, an interval and times of day take each other's place, and
    /// a schedule that changes begins at once unless a start is named.
    /// </summary>
    public ReplicationTerms With(ChangeReplicationRequest request)
    {
        var mode = request.Mode ?? Mode;
        var isPeriodic = mode == ReplicationModes.Periodic;
        var at = request.At ?? (isPeriodic && request.IntervalSeconds is null ? At : null);
        var changed = new ReplicationTerms(
            mode,
            request.IntervalSeconds ?? (isPeriodic && request.At is null ? IntervalSeconds : null),
            request.StartAt,
            at,
            request.Days ?? (at is null ? null : Days),
            request.TimeZone ?? (at is null ? null : TimeZone),
            request.OnReturn ?? OnReturn)
        {
            KeepSource = Kept(request.KeepSource) ?? KeepSource,
            KeepTarget = Kept(request.KeepTarget) ?? KeepTarget,
        };
        return request.StartAt is null && changed.IsScheduledAs(this with { StartAt = null }) ? changed with { StartAt = StartAt } : changed;
    }

    /// <summary>True when runs are planned in the same way.</summary>
    public bool IsScheduledAs(ReplicationTerms other) => this with { OnReturn = other.OnReturn, KeepSource = other.KeepSource, KeepTarget = other.KeepTarget } == other;

    private static string? Kept(string? text) => text is "none" ? "" : text;

    /// <summary>Null when all is well.</summary>
    public Refusal? Check()
    {
        if (!ReplicationModes.All.Contains(Mode))
        {
            return Refusal.Invalid("mode", $"There is no mode {Mode}.", $"The modes are {string.Join(", ", ReplicationModes.All)}.");
        }

        if (!ReturnPolicies.All.Contains(OnReturn))
        {
            return Refusal.Invalid("on_return", $"on_return cannot be {OnReturn}.", $"Use {string.Join(" or ", ReturnPolicies.All)}.");
        }

        foreach (var (field, text) in (ReadOnlySpan<(string, string)>)[("keep_source", KeepSource), ("keep_target", KeepTarget)])
        {
            if (text.Length > 0 && Retention.Parse(field, text) is { IsRefused: true } unread)
            {
                return unread.Refusal;
            }
        }

        var isPeriodic = Mode == ReplicationModes.Periodic;
        return isPeriodic && At is null && !(IntervalSeconds >= LeastIntervalSeconds)
                ? Refusal.Invalid(
                    "interval_seconds", $"A periodic replication needs an interval of at least {LeastIntervalSeconds} seconds, or times of day.")
            : !isPeriodic && IntervalSeconds is not null
                ? Refusal.Invalid("interval_seconds", $"An interval goes with mode {ReplicationModes.Periodic} only.")
            : !isPeriodic && (At ?? Days ?? TimeZone) is not null
                ? Refusal.Invalid("at", $"Times of day go with mode {ReplicationModes.Periodic} only.")
            : At is not null && IntervalSeconds is not null
                ? Refusal.Invalid("at", "A replication runs at an interval or at times of day, not both.", "Name one of them.")
            : At is null && (Days ?? TimeZone) is not null
                ? Refusal.Invalid(Days is null ? "time_zone" : "days", "Days and a time zone go with times of day.", "Say at which time.")
            : Mode == ReplicationModes.Instant && StartAt is not null
                ? Refusal.Invalid(
                    "start_at", $"A start goes with the modes {ReplicationModes.OneTime} and {ReplicationModes.Periodic} only.")
            : At is not null && !WallClock.TryParse(At, Days, TimeZone, out _, out var wrong) ? wrong
            : null;
    }
}
