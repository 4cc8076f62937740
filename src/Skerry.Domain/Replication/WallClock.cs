using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Skerry.Domain.Replication;

/// <summary>Times of day, on days of the week, by the clocks of a time zone.</summary>
/// <remarks>
/// A time of day on a date is the first moment at which the clocks of the zone show that time or a later one. So a time that daylight
/// saving skips is the moment after the gap, one that is shown twice is its first showing, and moments keep the order of what is written
/// on the clock: two times in one gap are one moment.
/// </remarks>
internal sealed record WallClock(IReadOnlyList<TimeOnly> Times, IReadOnlyList<DayOfWeek> Days, TimeZoneInfo Zone)
{
    public const string EveryDay = "mon-sun";
    public const string DefaultZone = "UTC";

    /// <summary>Offsets from UTC are within 14 hours, and no gap is longer than the day that Samoa skipped.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromHours(40);

    private static readonly string[] DayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>The last of its moments at or before; null when there is none since the calendar began.</summary>
    public DateTimeOffset? LastBy(DateTimeOffset moment) =>
        Around(moment, -8, 2).Where(m => m <= moment).Select(m => (DateTimeOffset?)m).Max();

    /// <summary>The first of its moments after.</summary>
    public DateTimeOffset? FirstAfter(DateTimeOffset moment) =>
        Around(moment, -2, 9).Where(m => m > moment).Select(m => (DateTimeOffset?)m).Min();

    public static bool TryParse(string at, string? days, string? zone, [NotNullWhen(true)] out WallClock? clock, [NotNullWhen(false)] out Refusal? wrong)
    {
        clock = null;
        var times = new SortedSet<TimeOnly>();
        foreach (var text in at.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TimeOnly.TryParseExact(text, ["HH:mm", "H:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            {
                wrong = Refusal.Invalid("at", $"'{text}' is not a time of day.", "Write it as 02:30, several with commas between.");
                return false;
            }

            times.Add(time);
        }

        if (ParseDays(days ?? EveryDay) is not { } onDays)
        {
            wrong = Refusal.Invalid("days", $"'{days}' does not name days.", $"Write them as mon-fri or mon,wed,sun; they are {string.Join(", ", DayNames)}.");
            return false;
        }

        zone ??= DefaultZone;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) || (zone != DefaultZone && !found.HasIanaId))
        {
            wrong = Refusal.Invalid("time_zone", $"There is no time zone {zone} at this site.", "Name one of the IANA list, as Europe/Berlin.");
            return false;
        }

        (clock, wrong) = (new WallClock([.. times], onDays, found), null);
        return true;
    }

    /// <summary>As it was written; null when it cannot be read, as where this site lacks the zone.</summary>
    public static WallClock? Read(string? at, string? days, string? zone) =>
        at is not null && TryParse(at, days, zone, out var clock, out _) ? clock : null;

    private static DayOfWeek[]? ParseDays(string text)
    {
        var days = new SortedSet<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.ToLowerInvariant().Split('-').Select(name => Array.IndexOf(DayNames, name)).ToArray();
            if (ends.Length is < 1 or > 2 || ends.Contains(-1))
            {
                return null;
            }

            for (var day = ends[0]; ; day = (day + 1) % 7)
            {
                days.Add(day);
                if (day == ends[^1])
                {
                    break;
                }
            }
        }

        return [.. days.Select(d => (DayOfWeek)((d + 1) % 7))];
    }

    private IEnumerable<DateTimeOffset> Around(DateTimeOffset moment, int fromDays, int toDays)
    {
        var today = moment.UtcDateTime.Date;
        for (var offset = fromDays; offset <= toDays; offset++)
        {
            if ((offset < 0 && today < DateTime.MinValue.AddDays(40)) || (offset > 0 && today > DateTime.MaxValue.AddDays(-40)))
            {
                continue;
            }

            var date = today.AddDays(offset);
            if (Days.Contains(date.DayOfWeek))
            {
                foreach (var time in Times)
                {
                    yield return MomentOf(date + time.ToTimeSpan());
                }
            }
        }
    }

    private DateTimeOffset MomentOf(DateTime shown)
    {
        var utc = DateTime.SpecifyKind(shown, DateTimeKind.Utc);
        var (low, high) = (utc - Reach, utc + Reach);
        if (Zone.GetUtcOffset(low) is var before && before == Zone.GetUtcOffset(high) && Zone.GetUtcOffset(utc - before) == before)
        {
            return new DateTimeOffset(utc - before, TimeSpan.Zero);
        }

        // The offset changes near it: the first moment that shows it, or more, by steps that no two changes fall into, then by halves.
        var step = TimeSpan.FromMinutes(15);
        for (high = low + step; Shown(high) < shown; high += step)
        {
            low = high;
        }

        while (high - low > TimeSpan.FromSeconds(1))
        {
            var middle = low + TimeSpan.FromTicks((high - low).Ticks / 2);
            (low, high) = Shown(middle) >= shown ? (low, middle) : (middle, high);
        }

        // Clocks change on whole seconds, and times of day are whole minutes.
        return new DateTimeOffset(new DateTime(high.Ticks - (high.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc), TimeSpan.Zero);
    }

    private DateTime Shown(DateTime utc) => DateTime.SpecifyKind(utc + Zone.GetUtcOffset(utc), DateTimeKind.Unspecified);
}
