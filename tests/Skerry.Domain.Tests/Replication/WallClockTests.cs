using Skerry.Domain.Replication;
using Skerry.TestKit.Seeds;

namespace Skerry.Domain.Tests.Replication;

public sealed class WallClockTests
{
    /// <summary>A zone each and a day near which its clocks change, or were changed for good.</summary>
    private static readonly (string Zone, DateTime Near)[] Changes =
    [
        ("Europe/Berlin", new(2026, 3, 29)),
        ("Europe/Berlin", new(2026, 10, 25)),
        ("America/New_York", new(2026, 11, 1)),
        ("America/St_Johns", new(2026, 3, 8)),
        ("Australia/Lord_Howe", new(2026, 4, 5)),
        ("Australia/Lord_Howe", new(2026, 10, 4)),
        ("Antarctica/Troll", new(2026, 3, 29)),
        ("Pacific/Apia", new(2011, 12, 30)),
        ("Asia/Kathmandu", new(2026, 6, 1)),
        ("UTC", new(2026, 6, 1)),
    ];

    [Theory]
    [InlineData("2026-03-28T12:00Z", "2026-03-29T01:00Z")]
    [InlineData("2026-03-29T01:00Z", "2026-03-30T00:30Z")]
    [InlineData("2026-10-24T12:00Z", "2026-10-25T00:30Z")]
    [InlineData("2026-10-25T00:30Z", "2026-10-26T01:30Z")]
    public void A_time_that_daylight_saving_skips_is_the_moment_after_the_gap_and_one_shown_twice_is_its_first_showing(string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, null), Clock("02:30", null, "Europe/Berlin").FirstAfter(DateTimeOffset.Parse(after, null)));

    [Theory]
    [InlineData("mon-fri", "2026-11-21T00:00Z", "2026-11-23T06:00Z")]
    [InlineData("sat,sun", "2026-11-22T07:00Z", "2026-11-28T06:00Z")]
    [InlineData("sun-mon", "2026-11-21T00:00Z", "2026-11-22T06:00Z")]
    [InlineData("MON", "2026-11-23T06:00Z", "2026-11-30T06:00Z")]
    public void Only_the_named_days_count(string days, string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, null), Clock("6:00", days, null).FirstAfter(DateTimeOffset.Parse(after, null)));

    [Theory]
    [InlineData("25:00", null, null, "at")]
    [InlineData("02:30:15", null, null, "at")]
    [InlineData("", null, null, "at")]
    [InlineData("02:30", "weekdays", null, "days")]
    [InlineData("02:30", "mon-tue-wed", null, "days")]
    [InlineData("02:30", null, "Europe/Atlantis", "time_zone")]
    public void What_is_no_time_no_day_or_no_zone_is_named(string at, string? days, string? zone, string field)
    {
        Assert.False(WallClock.TryParse(at, days, zone, out _, out var wrong));
        Assert.Equal(field, wrong.Field);
    }

    [Fact]
    public Task Each_time_on_each_day_is_run_once_at_the_first_moment_that_shows_it_whatever_the_clocks_of_the_zone_do() =>
        Chance.ForEachSeedAsync(120, chance =>
        {
            var (zoneName, near) = chance.Pick(Changes);
            var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneName);
            var times = Enumerable.Range(0, 1 + chance.Below(4)).Select(_ => new TimeOnly(chance.Below(chance.OneIn(2) ? 4 : 24), chance.Below(60))).Distinct().ToList();
            var days = chance.Shuffle(Enum.GetValues<DayOfWeek>()).Take(chance.OneIn(2) ? 7 : 1 + chance.Below(6)).ToList();
            var clock = new WallClock(times, days, zone);
            var (from, to) = (Utc(near.AddDays(-2)), Utc(near.AddDays(2)));

            var expected = FirstShowings(zone, times, days, from, to);
            var forward = new List<DateTimeOffset>();
            for (var at = clock.FirstAfter(from); at <= to; at = clock.FirstAfter(at.Value))
            {
                forward.Add(at.Value);
            }

            var backward = new List<DateTimeOffset>();
            for (var at = clock.LastBy(to); at > from; at = clock.LastBy(at.Value.AddTicks(-1)))
            {
                backward.Insert(0, at.Value);
            }

            Assert.Equal(expected, forward);
            Assert.Equal(expected, backward);
            return Task.CompletedTask;
        });

    /// <summary>By looking at the clock each minute.</summary>
    private static List<DateTimeOffset> FirstShowings(
        TimeZoneInfo zone, IReadOnlyList<TimeOnly> times, IReadOnlyList<DayOfWeek> days, DateTimeOffset from, DateTimeOffset to)
    {
        var wanted = new List<DateTime>();
        for (var date = from.UtcDateTime.Date.AddDays(-3); date <= to.UtcDateTime.Date.AddDays(3); date = date.AddDays(1))
        {
            wanted.AddRange(times.Where(_ => days.Contains(date.DayOfWeek)).Select(time => date + time.ToTimeSpan()));
        }

        var moments = new SortedSet<DateTimeOffset>();
        for (var at = from.AddDays(-4); at <= to && wanted.Count > 0; at = at.AddMinutes(1))
        {
            var shown = TimeZoneInfo.ConvertTime(at, zone).DateTime;
            if (wanted.RemoveAll(w => w <= shown) > 0 && at > from)
            {
                moments.Add(at);
            }
        }

        return [.. moments];
    }

    private static DateTimeOffset Utc(DateTime day) => new(day, TimeSpan.Zero);

    private static WallClock Clock(string at, string? days, string? zone)
    {
        Assert.True(WallClock.TryParse(at, days, zone, out var clock, out var wrong), wrong?.Message);
        return clock;
    }
}
