using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Clocks;

public sealed class HybridClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public Task Stamps_rise_over_steps_of_the_wall_clock_and_restarts() => Chance.ForEachSeedAsync(150, async chance =>
    {
        var time = new ManualTime();
        var clock = new HybridClock(time, TimeSpan.Zero, Hlc.Zero);
        var last = Hlc.Zero;
        for (var i = 0; i < 200; i++)
        {
            if (chance.OneIn(10)) time.SetWallClock(time.GetUtcNow().AddSeconds(chance.Below(7200) - 3600));
            if (chance.OneIn(5)) time.Advance(TimeSpan.FromMilliseconds(chance.Below(50)));
            if (chance.OneIn(20)) clock = new HybridClock(time, TimeSpan.Zero, last);
            if (chance.OneIn(4)) clock.Observe(Hlc.FromUnixMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds() + chance.Below(10000) - 5000));
            var above = chance.OneIn(3) ? Hlc.FromUnixMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds() + chance.Below(2000)) : Hlc.Zero;
            var next = clock.Next(above);
            Assert.True(next > last);
            Assert.True(next > above);
            Assert.True(next >= Hlc.FromUnixMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()));
            last = next;
        }

        await Task.CompletedTask;
    });

    [Theory]
    [InlineData(0)]
    [InlineData(2500)]
    public void A_fast_clock_elsewhere_is_followed_only_so_far(int offsetMilliseconds)
    {
        var time = new ManualTime(Start);
        var clock = new HybridClock(time, TimeSpan.FromMilliseconds(offsetMilliseconds), Hlc.Zero);
        clock.Observe(Hlc.FromUnixMilliseconds(Start.ToUnixTimeMilliseconds() + 3_600_000));
        Assert.Equal(offsetMilliseconds, clock.Next().UnixMilliseconds - Start.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void A_stamp_within_the_offset_is_followed()
    {
        var time = new ManualTime(Start);
        var clock = new HybridClock(time, TimeSpan.FromSeconds(5), Hlc.Zero);
        var seen = new Hlc(Hlc.FromUnixMilliseconds(Start.ToUnixTimeMilliseconds() + 3000).Value + 7);
        clock.Observe(seen);
        Assert.Equal(seen.Next, clock.Next());
    }

    [Fact]
    public void A_full_counter_carries_into_the_milliseconds()
    {
        var time = new ManualTime(Start);
        var full = new Hlc(Hlc.FromUnixMilliseconds(Start.ToUnixTimeMilliseconds()).Value | 0xFFFF);
        var next = new HybridClock(time, TimeSpan.Zero, full).Next();
        Assert.Equal((Start.ToUnixTimeMilliseconds() + 1, 0), (next.UnixMilliseconds, next.Counter));
    }

    [Fact]
    public async Task A_site_whose_clock_stepped_back_over_a_restart_still_stamps_above_itself()
    {
        var time = new ManualTime();
        var store = new MemoryStore();
        await using (var site = await Site.OpenAsync(1, store, time)) await site.SetAsync("x", "name", "before");

        time.SetWallClock(time.GetUtcNow().AddHours(-1));
        await using var again = await Site.OpenAsync(1, store, time);
        var before = again["x"]!.LastStamp;
        await again.SetAsync("y", "name", "after");
        Assert.True(again["y"]!.LastStamp > before);
    }

    [Fact]
    public async Task The_last_stamp_outlives_the_log_that_it_was_in()
    {
        var time = new ManualTime();
        var store = new MemoryStore();
        var limits = new ReplicaLimits { MaxLogBytes = 1 };
        Hlc before;
        await using (var site = await Site.OpenAsync(1, store, time, limits))
        {
            await site.SetAsync("x", "name", "before");
            before = site["x"]!.LastStamp;
            await site.DeleteAsync("x");
            await site.DoAsync(transaction => transaction.Purge(Site.Key("x")));
            Assert.True(await site.Replica.CutLogAsync(default));
        }

        time.SetWallClock(time.GetUtcNow().AddHours(-1));
        await using var again = await Site.OpenAsync(1, store, time, limits);
        await again.SetAsync("y", "name", "after");
        Assert.True(again["y"]!.LastStamp > before);
    }

    [Fact]
    public async Task A_write_ranks_above_what_it_saw_whatever_the_clocks_say()
    {
        var fast = new ManualTime(Start.AddHours(5));
        var slow = new ManualTime(Start);
        await using var a = await Site.OpenAsync(1, time: fast);
        await using var b = await Site.OpenAsync(2, time: slow);
        await a.SetAsync("x", "name", "ahead");
        await b.PullAsync(a);
        await b.SetAsync("x", "name", "after");
        Assert.Equal("after", b["x"]!.GetString("name"));
        Assert.True(b["x"]!.LastStamp > a["x"]!.LastStamp);
        await b.SetAsync("y", "name", "elsewhere");
        await a.PullAsync(b);
        Assert.Equal(b.Replica.Digest(), a.Replica.Digest());
    }
}
