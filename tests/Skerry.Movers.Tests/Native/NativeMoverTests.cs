using Skerry.Blocks;
using Skerry.Domain.Replication;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native;

public sealed class NativeMoverTests
{
    private const long Size = 8 << 20;

    [Fact]
    public async Task An_instant_replica_gets_a_first_copy_and_then_every_write()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 300_000, seed: 1);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());

        for (var i = 0; i < 50; i++)
        {
            await WriteAsync(source, i * 12_288, 5_000, seed: i);
        }

        await source.TrimAsync(65_536, 65_536, WriteOptions.None, CancellationToken.None);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());
        var copy = await south.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None);
        Assert.True(copy is { IsWhole: true, IsCatchingUp: false, IsConnected: true });
        Assert.Equal(source.Lineage.LastNumber, copy.Number);
    }

    [Fact]
    public async Task The_stream_goes_on_past_a_snapshot_that_stands_alone()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 10_000, seed: 1);
        await north.FollowAsync(south);
        for (var i = 0; i < 5; i++)
        {
            await source.CreateSnapshotAsync($"alone-{i}", CancellationToken.None);
            await Task.Delay(20);
        }

        await WriteAsync(source, 20_000, 10_000, seed: 2);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());
    }

    [Fact]
    public async Task A_run_makes_the_replica_equal_to_a_snapshot_and_rests()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 300_000, seed: 1);
        var run = DateTimeOffset.UtcNow;
        var done = await north.UntilAsync(north.TaskTo(south, run), r => r.CompletedRun == run);
        Assert.Equal(ReplicationWords.Secondary, done.State);
        Assert.Equal("first-copy", done.LastTransfer!.Kind);
        var replica = await south.OpenAsync();
        await AssertSameAsync(source, replica);

        await WriteAsync(source, 1 << 20, 100_000, seed: 2);
        Assert.NotEqual(source.Lineage.LastNumber, replica.Lineage.LastNumber);
        var next = DateTimeOffset.UtcNow;
        done = await north.UntilAsync(north.TaskTo(south, next), r => r.CompletedRun == next);
        await AssertSameAsync(source, replica);
        Assert.Equal("catch-up", done.LastTransfer!.Kind);
        Assert.InRange(done.LastTransfer.MovedBytes, 100_000, 100_000 + (2 * IBlockDevice.BlockSize));
        Assert.Empty(source.Snapshots);
        Assert.Empty(replica.Snapshots);
    }

    [Fact]
    public async Task A_transfer_that_is_cut_again_and_again_goes_on_where_it_was()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 4 << 20, seed: 1);
        var carried = 0L;
        cloud.LinkBytes = () =>
        {
            carried += 600_000;
            return 600_000;
        };
        var run = DateTimeOffset.UtcNow;
        await north.UntilAsync(north.TaskTo(south, run), r => r.CompletedRun == run);
        await AssertSameAsync(source, await south.OpenAsync());
        Assert.InRange(carried, 4 << 20, 3 * (4 << 20));
    }

    [Fact]
    public async Task A_cut_at_any_byte_costs_what_was_under_way_and_nothing_that_had_arrived()
    {
        // No cursor is ever saved on the way: only where the blocks had come to when the link ended.
        await using var cloud = new TestCloud
        {
            Options = new NativeMoverOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(20),
                HeartbeatInterval = TimeSpan.FromMilliseconds(50),
                RetryMin = TimeSpan.FromMilliseconds(5),
                RetryMax = TimeSpan.FromMilliseconds(20),
                ChunkBytes = 64 << 10,
            },
        };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        const int allocated = 3 << 20;
        await WriteAsync(source, 1 << 20, allocated, seed: 1);
        var chance = new Random(7);
        var (carried, links) = (0L, 0);
        cloud.LinkBytes = () =>
        {
            var bytes = chance.Next(150_000, 500_000);
            (carried, links) = (carried + bytes, links + 1);
            return bytes;
        };
        var run = DateTimeOffset.UtcNow;
        await north.UntilAsync(north.TaskTo(south, run), r => r.CompletedRun == run);
        await AssertSameAsync(source, await south.OpenAsync());

        // Under way: the pipe's 64 KiB, the frame that goes in, and the greetings.
        Assert.True(links > 3, $"{links} links");
        Assert.InRange(carried, allocated, allocated + (links * 150_000L));
    }

    [Fact]
    public async Task Until_the_first_copy_is_complete_there_is_nothing_to_promote()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 4 << 20, seed: 1);
        cloud.LinkBytes = () => 300_000;
        north.Mover.Synchronize(north.TaskTo(south));
        LocalCopy? copy = null;
        for (var i = 0; i < 500 && copy is not { IsCatchingUp: true }; i++)
        {
            await Task.Delay(5);
            copy = await south.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None);
        }

        Assert.True(copy is { IsWhole: false, IsCatchingUp: true, RecoveryPoint: null }, $"{copy}");
        cloud.IsCutOff = true;
        north.Cut();
        using var hold = await south.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None);
        Assert.Null(hold.Copy);
    }

    [Fact]
    public async Task The_size_follows_before_the_data()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 10_000, seed: 1);
        await north.FollowAsync(south);
        await source.ExtendAsync(2 * Size, CancellationToken.None);
        await WriteAsync(source, (2 * Size) - 10_000, 10_000, seed: 2);
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());
    }

    [Fact]
    public async Task A_writer_never_waits_for_a_link_that_does_not_move_and_the_replica_catches_up_afterwards()
    {
        await using var cloud = new TestCloud
        {
            Options = new()
            {
                TapBoundBytes = 256 << 10,
                WindowBytes = 64 << 10,
                FlushInterval = TimeSpan.FromMilliseconds(20),
                HeartbeatInterval = TimeSpan.FromMilliseconds(50),
                RetryMin = TimeSpan.FromMilliseconds(5),
                RetryMax = TimeSpan.FromMilliseconds(20),
                DeadAfter = TimeSpan.FromSeconds(1),
            },
        };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await north.FollowAsync(south);
        north.Stall();
        for (var i = 0; i < 500; i++)
        {
            await WriteAsync(source, i * 4096, 4096, seed: i).WaitAsync(TimeSpan.FromSeconds(60));
        }

        var report = north.Mover.Synchronize(north.TaskTo(south));
        Assert.True(report.LagBytes > 0, $"{report}");
        await north.FollowAsync(south);
        await AssertSameAsync(source, await south.OpenAsync());
    }

    [Fact]
    public async Task Only_the_primary_of_the_generation_is_let_in_and_a_diverged_copy_waits_when_told_to()
    {
        await using var cloud = new TestCloud { MayResync = false };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        await WriteAsync(source, 0, 10_000, seed: 1);
        await north.FollowAsync(south);
        north.Cut();
        cloud.IsCutOff = true;
        await WriteAsync(source, 0, 10_000, seed: 2);
        using (var hold = await south.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None))
        {
            cloud.Raise(south, hold.Copy!.Number);
        }

        cloud.IsCutOff = false;
        var stale = north.TaskTo(south) with { Generation = cloud.Generations[0] };
        await north.UntilAsync(stale, r => r.State == ReplicationWords.Waiting && r.Reason == "It is not the primary.");
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: true, CancellationToken.None);

        await (await south.OpenAsync()).BeginRunAsync(2, CancellationToken.None);
        await source.EndRunAsync(CancellationToken.None);
        var waiting = await south.UntilAsync(south.TaskTo(north), r => r is { State: ReplicationWords.Waiting, NextStep: not null });
        Assert.Contains("writes of its own after number", waiting.Reason, StringComparison.Ordinal);
        Assert.Empty(source.Snapshots);
        cloud.MayResync = true;
        await south.FollowAsync(north);
        await AssertSameAsync(await south.OpenAsync(), source);
        Assert.Equal(["diverged-1"], north.KeptSnapshots);
    }

    /// <summary>
    /// The block is equal at both sides of a resync, since the new primary wrote another content and then the old one again. A third
    /// copy that stands in between has that other content, and must be told of the block by the one that was resynced.
    /// </summary>
    [Fact]
    public async Task A_block_that_was_equal_in_a_resync_is_still_told_to_a_third_copy()
    {
        await using var cloud = new TestCloud();
        var (a, b, c) = (cloud.Add(1), cloud.Add(2), cloud.Add(3));
        cloud.Begin(a);
        var onA = await a.CreateAsync(1 << 20);
        await WriteAsync(onA, 0, 4096, seed: 1);
        await a.FollowAsync(b);
        await a.FollowAsync(c);
        cloud.IsCutOff = true;
        a.Cut();
        await WriteAsync(onA, 65_536, 4096, seed: 2);
        await PromoteAsync(cloud, a, b, [b, c]);

        cloud.IsCutOff = false;
        var onB = await b.OpenAsync();
        await WriteAsync(onB, 0, 4096, seed: 3);
        await b.FollowAsync(c);
        await b.Mover.CleanupAsync(b.ReplicationTo(c), TestCloud.Volume, forGood: true, CancellationToken.None);
        await WriteAsync(onB, 0, 4096, seed: 1);
        await b.FollowAsync(a);
        await PromoteAsync(cloud, b, a, [a, c]);

        await a.FollowAsync(c);
        await AssertSameAsync(onA, await c.OpenAsync());
    }

    /// <summary>
    /// Both end in one run: one as its primary, the other as a replica of it that had been primary before. What they keep had one id
    /// once, and was of two states.
    /// </summary>
    [Fact]
    public async Task Two_sites_that_diverge_in_one_run_at_different_writes_keep_that_under_two_ids()
    {
        await using var cloud = new TestCloud();
        var (a, b, c) = (cloud.Add(1), cloud.Add(2), cloud.Add(3));
        cloud.Begin(a);
        var onA = await a.CreateAsync(1 << 20);
        await WriteAsync(onA, 0, 4096, seed: 1);
        await a.FollowAsync(c);
        await a.Mover.CleanupAsync(a.ReplicationTo(c), TestCloud.Volume, forGood: true, CancellationToken.None);
        await WriteAsync(onA, 4096, 4096, seed: 2);
        await a.FollowAsync(b);
        await PromoteAsync(cloud, a, b, [b]);
        var onB = await b.OpenAsync();
        await WriteAsync(onB, 8192, 4096, seed: 3);
        await b.FollowAsync(a);
        await b.Mover.CleanupAsync(b.ReplicationTo(a), TestCloud.Volume, forGood: true, CancellationToken.None);
        await WriteAsync(onB, 8192, 4096, seed: 4);
        var (apartAtA, apartAtB) = (onA.Lineage, onB.Lineage);
        await PromoteAsync(cloud, b, c, [c]);
        await c.FollowAsync(a);
        await c.FollowAsync(b);
        var (keptAtA, keptAtB) = (Assert.Single(onA.Snapshots), Assert.Single(onB.Snapshots));
        Assert.Equal((apartAtA, apartAtB), (keptAtA.Lineage, keptAtB.Lineage));
        Assert.Equal(apartAtA.Runs[^1], apartAtB.Runs[^1]);
        Assert.NotEqual(keptAtA.Id, keptAtB.Id);
    }

    private static async Task PromoteAsync(TestCloud cloud, TestSite from, TestSite to, IEnumerable<TestSite> targets)
    {
        foreach (var target in targets)
        {
            await from.Mover.CleanupAsync(from.ReplicationTo(target), TestCloud.Volume, forGood: true, CancellationToken.None);
        }

        await (await from.OpenAsync()).EndRunAsync(CancellationToken.None);
        using var hold = await to.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None);
        cloud.Raise(to, hold.Copy!.Number);
        await (await to.OpenAsync()).BeginRunAsync(cloud.Current.Number, CancellationToken.None);
    }

    internal static async Task WriteAsync(BlockVolume volume, long offset, int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        await volume.WriteAsync(offset, data, WriteOptions.None, CancellationToken.None);
    }

    internal static async Task AssertSameAsync(IBlockDevice one, IBlockDevice other)
    {
        Assert.Equal(one.SizeBytes, other.SizeBytes);
        var (a, b) = (new byte[one.SizeBytes], new byte[other.SizeBytes]);
        await one.ReadAsync(0, a, CancellationToken.None);
        await other.ReadAsync(0, b, CancellationToken.None);
        Assert.True(a.AsSpan().SequenceEqual(b), $"they differ at byte {a.AsSpan().CommonPrefixLength(b)}");
    }
}
