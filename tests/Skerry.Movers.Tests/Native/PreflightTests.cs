using Skerry.Blocks;
using Skerry.Domain.Replication;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

public sealed class PreflightTests
{
    private const long Size = 64 << 20;

    private static readonly NativeMoverOptions Quick = new()
    {
        FlushInterval = TimeSpan.FromMilliseconds(20),
        HeartbeatInterval = TimeSpan.FromMilliseconds(50),
        RetryMin = TimeSpan.FromMilliseconds(2),
        RetryMax = TimeSpan.FromMilliseconds(5),
        RetryBudget = 4,
        ProbeInterval = TimeSpan.FromMinutes(10),
        ChunkBytes = 64 << 10,
    };

    [Fact]
    public async Task A_place_that_is_too_small_says_so_before_the_first_byte_and_is_asked_again_when_somebody_says_so()
    {
        await using var cloud = new TestCloud { Options = Quick };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        await south.StopAsync();
        south.CapacityBytes = 80 << 20;
        south.Start();
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await FillAsync(source, 40);

        // Something else takes the room.
        var other = await south.Store.CreateAsync("other", Size, CancellationToken.None);
        await other.BeginRunAsync(1, CancellationToken.None);
        await FillAsync(other, 56);

        var task = north.TaskTo(south, DateTimeOffset.UtcNow);
        var refused = await north.UntilAsync(task, r => r.Retry is { AttemptsLeft: 0 });
        Assert.Equal(ReplicationWords.Error, refused.State);
        Assert.Contains("has room for", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("sync or resume", refused.NextStep, StringComparison.Ordinal);
        Assert.Equal((4, null, true), (refused.Retry!.FailedAttempts, refused.Retry.NextAttemptAt, refused.Retry.CanHelp));
        var entry = Assert.Single(refused.Ended);
        Assert.Equal(("attempt", 0L, refused.Reason), (entry.Transfer.Kind, entry.Transfer.MovedBytes, entry.Failure));
        Assert.Null(refused.Transfer);

        // It stands; time alone changes nothing.
        await Task.Delay(100);
        Assert.Equal(4, north.Mover.Synchronize(task).Retry!.FailedAttempts);
        await south.Store.DeleteAsync("other", CancellationToken.None);
        for (var deadline = DateTime.UtcNow.AddSeconds(60); south.Store.Space.FreeBytes < 41 << 20;)
        {
            Assert.True(DateTime.UtcNow < deadline, $"{south.Store.Space}");
            await Task.Delay(20);
        }

        var asked = task with { AskedAt = DateTimeOffset.UtcNow };
        var done = await north.UntilAsync(asked, r => r.CompletedRun == task.Run);
        Assert.Equal(ReplicationWords.Secondary, done.State);
        Assert.Null(done.Retry);
        Assert.Equal([(string?)refused.Reason, null], done.Ended.Select(e => e.Failure));
        Assert.Equal(40 << 20, done.LastTransfer!.MovedBytes);
    }

    [Fact]
    public async Task A_run_whose_transfer_is_cut_is_told_with_what_it_moved()
    {
        await using var cloud = new TestCloud { Options = Quick };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await FillAsync(source, 8);
        var links = 0;
        cloud.LinkBytes = () => ++links == 1 ? 3 << 20 : long.MaxValue;
        var task = north.TaskTo(south, DateTimeOffset.UtcNow);
        var done = await north.UntilAsync(task, r => r.CompletedRun == task.Run);
        Assert.Equal(2, done.Ended.Count);
        Assert.NotNull(done.Ended[0].Failure);
        Assert.InRange(done.Ended[0].Transfer.MovedBytes, 1, 3 << 20);
        Assert.Null(done.Ended[1].Failure);
    }

    private static async Task FillAsync(BlockVolume volume, int mebibytes)
    {
        var content = new byte[1 << 20];
        var chance = new Random(5);
        for (var i = 0; i < mebibytes; i++)
        {
            chance.NextBytes(content);
            await volume.WriteAsync((long)i << 20, content, WriteOptions.None, CancellationToken.None);
        }

        await volume.FlushAsync(CancellationToken.None);
    }
}
