using Skerry.Domain.Replication;
using Skerry.Movers.Native;
using Skerry.TestKit.Time;

namespace Skerry.Movers.Tests.Native;

public sealed class LimitsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void The_first_window_that_a_time_is_in_counts_over_midnight_too()
    {
        var plan = new BandwidthPlan([new(new(8, 0), new(18, 0), 10), new(new(22, 0), new(6, 0), null), new(new(5, 0), new(9, 0), 5)], 100);
        Assert.Equal(10, plan.At(new(8, 0)));
        Assert.Equal(10, plan.At(new(17, 59, 59)));
        Assert.Equal(100, plan.At(new(18, 0)));
        Assert.Null(plan.At(new(23, 0)));
        Assert.Null(plan.At(new(5, 30)));
        Assert.Equal(5, plan.At(new(7, 0)));
        Assert.Equal(7, new BandwidthPlan([new(new(3, 0), new(3, 0), 7)], null).At(new(12, 0)));
    }

    [Fact]
    public async Task A_link_carries_its_rate_and_no_more_however_many_share_it()
    {
        var time = new ManualTime();
        var throttle = new LinkThrottle(new BandwidthPlan([], 1000), time);
        var (one, other) = (0, 0);
        using var stop = new CancellationTokenSource();
        async Task TakeAsync(Action taken)
        {
            while (!stop.IsCancellationRequested)
            {
                await throttle.TakeAsync(50, stop.Token);
                taken();
            }
        }

        var takers = new[] { TakeAsync(() => one += 50), TakeAsync(() => other += 50) };
        for (var tick = 0; tick < 1000; tick++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();

            // Whoever is held up just before it begins to wait is woken later, by the ticks that passed meanwhile: those go on without it.
            for (var wait = 0; wait < 100 && one + other < (tick + 1) * 10 - 150; wait++)
            {
                await Task.Delay(1);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(takers.Select(t => t.ContinueWith(static _ => { }, TaskScheduler.Default)));
        Assert.InRange(one + other, 9_500, 10_200);
        Assert.InRange(one, 4_200, 5_800);
    }

    [Fact]
    public async Task A_window_that_begins_frees_whoever_waits_within_a_second()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 1, 1, 17, 59, 50, TimeSpan.Zero));
        var throttle = new LinkThrottle(new BandwidthPlan([new(new(8, 0), new(18, 0), 10)], null), time);
        var waiting = throttle.TakeAsync(100_000, None).AsTask();
        for (var second = 0; second < 9; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10);
            Assert.False(waiting.IsCompleted);
        }

        for (var second = 0; second < 3 && !waiting.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(50);
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Restores_go_before_schedules_and_volumes_take_turns()
    {
        var turns = new TransferTurns(2);
        var first = await turns.EnterAsync("a", TransferUrgency.Scheduled, None);
        var second = await turns.EnterAsync("a", TransferUrgency.Scheduled, None);
        List<string> order = [];
        List<IDisposable> held = [];
        async Task AskAsync(string name, string volume, TransferUrgency urgency)
        {
            var turn = await turns.EnterAsync(volume, urgency, None);
            lock (order)
            {
                order.Add(name);
                held.Add(turn);
            }
        }

        var asked = new[]
        {
            AskAsync("a3", "a", TransferUrgency.Scheduled), AskAsync("b", "b", TransferUrgency.Scheduled),
            AskAsync("c", "c", TransferUrgency.Restore), AskAsync("a4", "a", TransferUrgency.Restore),
        };
        using var gaveUp = new CancellationTokenSource();
        var leaving = turns.EnterAsync("d", TransferUrgency.Restore, gaveUp.Token).AsTask();
        Assert.Equal(5, turns.Waiting);
        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        first.Dispose();
        first.Dispose();
        await asked[2].WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["c"], order);
        second.Dispose();
        for (var i = 1; i < 4; i++)
        {
            await UntilAsync(() => order.Count > i);
            held[i - 1].Dispose();
        }

        await Task.WhenAll(asked);
        Assert.Equal(["c", "a4", "b", "a3"], order);
    }

    [Fact]
    public async Task A_transfer_waits_for_its_turn_and_says_so_while_streams_go_on()
    {
        await using var cloud = new TestCloud
        {
            Options = new NativeMoverOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(20),
                HeartbeatInterval = TimeSpan.FromMilliseconds(50),
                TransfersAtOnce = 1,
                Bandwidth = new BandwidthPlan([], 32 << 10),
                ChunkBytes = 8 << 10,
            },
        };
        var (north, south, third) = (cloud.Add(1), cloud.Add(2), cloud.Add(3));
        cloud.Begin(north);
        var source = await north.CreateAsync(4 << 20);
        await north.FollowAsync(south);
        await NativeMoverTests.WriteAsync(source, 0, 1 << 20, seed: 1);
        await north.FollowAsync(south);

        var slow = north.TaskTo(third);
        await north.UntilAsync(slow, r => r.Transfer is { DoneBytes: > 0 });
        await NativeMoverTests.WriteAsync(source, 0, 2 << 20, seed: 2);
        await north.FollowAsync(south);
        Assert.NotNull(north.Mover.Synchronize(slow).Transfer);

        // What is shipped for a snapshot on the way is a transfer like any other: it waits for its turn.
        await north.Mover.CleanupAsync(north.TaskTo(south).ReplicationId, TestCloud.Volume, forGood: false, CancellationToken.None);
        await NativeMoverTests.WriteAsync(source, 0, 1 << 20, seed: 3);
        await source.CreateSnapshotAsync(Guid.NewGuid().ToString(), CancellationToken.None);
        var waiting = await north.UntilAsync(
            north.TaskTo(south, DateTimeOffset.UtcNow), r => r.State == ReplicationWords.Waiting && r.IsConnected && r.Reason is not null);
        Assert.Contains("under way at this site", waiting.Reason, StringComparison.Ordinal);
        Assert.NotNull(north.Mover.Synchronize(slow).Transfer);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not come to it");
            await Task.Delay(1);
        }
    }
}
