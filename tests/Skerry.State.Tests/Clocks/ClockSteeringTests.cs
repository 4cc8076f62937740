using Skerry.State.Clocks;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Clocks;

public sealed class ClockSteeringTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(new double[] { }, null)]
    [InlineData(new double[] { -5 }, null)]
    [InlineData(new double[] { -5, 5 }, null)]
    [InlineData(new double[] { -5, -5 }, -5.0)]
    [InlineData(new double[] { 0.02, -5 }, 0.0)]
    [InlineData(new double[] { -5, -5, 0 }, null)]
    [InlineData(new double[] { -5, -5, -5.05, 0, 7 }, null)]
    [InlineData(new double[] { -5, -5, -5.05, -5, 0, 7 }, -5.0)]
    public void More_than_half_of_all_must_say_the_same(double[] peersAheadSeconds, double? agreedSeconds)
    {
        var agreed = ClockAgreement.Of([.. peersAheadSeconds.Select(TimeSpan.FromSeconds)]);
        Assert.Equal(agreedSeconds, agreed?.TotalSeconds);
    }

    [Fact]
    public void A_site_that_is_ahead_slows_down_until_it_agrees_and_its_time_never_goes_back()
    {
        var time = new ManualTime();
        var steering = new ClockSteering(time, Limit, TimeSpan.Zero);
        var last = time.GetUtcNow();
        for (var second = 0; second < 60; second++)
        {
            time.Advance(Second);
            var judged = steering.Step([-5 * Second, -5 * Second]);
            Assert.False(judged.IsOff);
            var corrected = time.GetUtcNow() + judged.Correction;
            Assert.InRange((corrected - last).TotalSeconds, 0.899, 1.001);
            last = corrected;
        }

        Assert.Equal(-5 * Second, steering.Step([-5 * Second, -5 * Second]).Correction);
    }

    [Fact]
    public Task Steps_of_the_wall_clock_in_both_directions_leave_the_corrected_time_as_it_goes() => Chance.ForEachSeedAsync(50, chance =>
    {
        var time = new ManualTime();
        var truth = time.GetUtcNow();
        var steering = new ClockSteering(time, Limit, TimeSpan.Zero);
        var measured = TimeSpan.Zero;
        for (var second = 0; second < 300; second++)
        {
            time.Advance(Second);
            truth += Second;
            if (second > 2 && chance.OneIn(20)) time.SetWallClock(time.GetUtcNow() + TimeSpan.FromSeconds(chance.Below(7200) - 3600));
            var judged = steering.Step([measured, measured, measured]);

            // The links say one second later what the clock was like.
            measured = truth - time.GetUtcNow();
            Assert.InRange((time.GetUtcNow() + judged.Correction - truth).TotalSeconds, -0.2, 0.2);
        }

        return Task.CompletedTask;
    });

    [Fact]
    public void A_clock_that_all_set_together_is_followed()
    {
        var time = new ManualTime();
        var steering = new ClockSteering(time, Limit, TimeSpan.Zero);
        time.Advance(Second);
        steering.Step([default, default]);
        time.SetWallClock(time.GetUtcNow().AddHours(2));
        for (var second = 0; second < 10; second++)
        {
            time.Advance(Second);
            steering.Step([default, default]);
        }

        Assert.Equal(TimeSpan.Zero, steering.Step([default, default]).Correction);
    }

    [Fact]
    public void Beyond_the_limit_the_site_is_off_until_its_peers_agree_with_it_again()
    {
        var time = new ManualTime();
        var steering = new ClockSteering(time, Limit, TimeSpan.Zero);
        time.Advance(Second);
        var off = TimeSpan.FromMinutes(11);
        Assert.True(steering.Step([off, off]).IsOff);
        time.Advance(Second);
        Assert.True(steering.Step([]).IsOff);
        time.Advance(Second);
        Assert.False(steering.Step([default, default]).IsOff);
    }

    [Fact]
    public void A_restart_goes_on_with_the_correction_that_was_in_force()
    {
        var time = new ManualTime();
        var steering = new ClockSteering(time, Limit, TimeSpan.FromSeconds(-5));
        time.Advance(Second);
        Assert.Equal(TimeSpan.FromSeconds(-5), steering.Step([]).Correction);
        time.Advance(Second);
        Assert.Equal(TimeSpan.FromSeconds(-5), steering.Step([-5 * Second, -5 * Second]).Correction);
    }
}
