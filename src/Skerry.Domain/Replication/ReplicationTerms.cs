using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>When a replication runs, and what it keeps, as a whole: made or changed, it must make sense as one.</summary>
internal sealed record ReplicationTerms(
    string Mode, long? IntervalSeconds, DateTimeOffset? StartAt, string? At, string? Days, string? TimeZone, string OnReturn)
{
    private const int LeastIntervalSeconds = 10;

    /// <summary>As in <see cref="Relation.KeepSource"/>, as it was written; empty for nothing said.</summary>
    public string KeepSource { get; init; } = "";

    /// <summary>As in <see cref="Relation.KeepTarget"/>.</summary>
    public string KeepTarget { get; init; } = "";

    public static ReplicationTerms Default { get; } = new(ReplicationModes.Instant, null, null, null, null, null, ReturnPolicies.Resync);

    public static ReplicationTerms Of(Relation relation) =>
        new(
            relation.Mode, relation.Times is null ? relation.IntervalSeconds : null, relation.StartAt, relation.Times, relation.Days, relation.TimeZone, relation.OnReturn)
        {
            KeepSource = relation.KeepSource?.ToString() ?? "",
            KeepTarget = relation.KeepTarget?.ToString() ?? "",
        };

    /// <summary>
    /// With what is wanted in place of what was. What belongs to a mode goes with it, an interval and times of day take each other's place, and
    /// a schedule that changes begins at once unless a start is named.
    /// </summary>
    public ReplicationTerms With(ReplicationSettings wanted)
    {
        var mode = wanted.Mode ?? Mode;
        var isPeriodic = mode == ReplicationModes.Periodic;
        var at = wanted.At ?? (isPeriodic && wanted.IntervalSeconds is null ? At : null);
        var changed = new ReplicationTerms(
            mode,
            wanted.IntervalSeconds ?? (isPeriodic && wanted.At is null ? IntervalSeconds : null),
            wanted.StartAt,
            at,
            wanted.Days ?? (at is null ? null : Days),
            wanted.TimeZone ?? (at is null ? null : TimeZone),
            wanted.OnReturn ?? OnReturn)
        {
            KeepSource = Kept(wanted.KeepSource) ?? KeepSource,
            KeepTarget = Kept(wanted.KeepTarget) ?? KeepTarget,
        };
        return wanted.StartAt is null && changed.IsScheduledAs(this with { StartAt = null }) ? changed with { StartAt = StartAt } : changed;
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

    /// <summary>Writes what is not as before; all of it where there was nothing before.</summary>
    public void Write(ITransaction transaction, EntityKey key, ReplicationTerms? before)
    {
        void Text(string field, string? value, string? was)
        {
            if (value != was)
            {
                transaction.Set(key, field, FieldValue.FromString(value));
            }
        }

        Text(Relation.ModeField, Mode, before?.Mode);
        Text(Relation.OnReturnField, OnReturn, before?.OnReturn);
        Text(Relation.TimesField, At, before?.At);
        Text(Relation.DaysField, Days, before?.Days);
        Text(Relation.TimeZoneField, TimeZone, before?.TimeZone);
        Text(Relation.KeepSourceField, KeepSource, before?.KeepSource ?? "");
        Text(Relation.KeepTargetField, KeepTarget, before?.KeepTarget ?? "");
        Text(Relation.StartField, StartAt is { } start ? Instants.ToField(start) : null, before?.StartAt is { } was ? Instants.ToField(was) : null);
        if (IntervalSeconds != before?.IntervalSeconds)
        {
            transaction.Set(key, Relation.IntervalField, IntervalSeconds is { } seconds ? FieldValue.From(seconds) : FieldValue.FromString(null));
        }
    }
}
