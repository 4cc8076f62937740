using Skerry.State.Clocks;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Clocks;

/// <summary>Real-time causal, as <see cref="HybridClock"/> promises it, over clocks that are off by so much.</summary>
public sealed class RealTimeOrderTests
{
    [Fact]
    public Task Beyond_the_drift_a_later_write_never_ranks_below_an_earlier_one() => Chance.ForEachSeedAsync(100, chance =>
    {
        var offset = TimeSpan.FromMilliseconds(chance.OneIn(2) ? 0 : chance.Below(200));
        var sites = Enumerable.Range(0, 5).Select(_ =>
        {
            var time = new ManualTime();
            time.SetWallClock(time.GetUtcNow().AddMilliseconds(chance.Below(2000) - 1000));
            return (Time: time, Clock: new HybridClock(time, offset, Hlc.Zero));
        }).ToArray();
        var drift = sites.Max(site => site.Time.GetUtcNow()) - sites.Min(site => site.Time.GetUtcNow());
        var made = new List<(TimeSpan At, Hlc Stamp)>();
        var now = TimeSpan.Zero;
        for (var i = 0; i < 400; i++)
        {
            var passed = TimeSpan.FromMilliseconds(chance.Below(40));
            now += passed;
            foreach (var site in sites) site.Time.Advance(passed);
            var writer = chance.Pick(sites).Clock;

            // What reached the writer: of all that was made, and of that some values are named by its write.
            var above = Hlc.Zero;
            if (made.Count > 0 && chance.OneIn(2)) writer.Observe(chance.Pick(made).Stamp);
            if (made.Count > 0 && chance.OneIn(2)) above = chance.Pick(made).Stamp;
            var stamp = writer.Next(above);
            foreach (var (at, earlier) in made)
            {
                if (now - at > drift + offset + TimeSpan.FromMilliseconds(1)) Assert.True(stamp > earlier);
            }

            made.Add((now, stamp));
        }

        return Task.CompletedTask;
    });

    [Fact]
    public void A_corrected_clock_keeps_the_order_that_its_wall_clock_would_break()
    {
        var right = new ManualTime();
        var wrong = new ManualTime(right.GetUtcNow().AddHours(1));
        var one = new HybridClock(wrong, TimeSpan.Zero, Hlc.Zero);
        var other = new HybridClock(right, TimeSpan.Zero, Hlc.Zero);
        one.Correct(TimeSpan.FromHours(-1), isOff: false);
        var earlier = one.Next();
        right.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(other.Next() > earlier);
    }

    [Fact]
    public void Stamps_are_unsure_while_the_clock_is_off_and_after_it_went_back_by_more_than_the_limit()
    {
        var time = new ManualTime();
        var clock = new HybridClock(time, TimeSpan.Zero, Hlc.Zero, TimeSpan.FromMinutes(10));
        Assert.False(clock.IsUnsure(clock.Next()));
        clock.Correct(TimeSpan.Zero, isOff: true);
        Assert.True(clock.IsUnsure(clock.Next()));
        clock.Correct(TimeSpan.Zero, isOff: false);
        Assert.False(clock.IsUnsure(clock.Next()));

        time.SetWallClock(time.GetUtcNow().AddMinutes(-11));
        Assert.True(clock.IsUnsure(clock.Next()));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(clock.IsUnsure(clock.Next()));
    }
}
