using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests;

public sealed class WriteTapTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tap_gives_each_write_once_in_order_whoever_writes_at_once()
    {
        await using var store = Open();
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        var replica = await store.CreateAsync("replica", 1 << 20, Ct);
        var run = await volume.BeginRunAsync(1, Ct);
        await volume.WriteAsync(0, new byte[] { 9 }, WriteOptions.None, Ct);
        await replica.PutAsync(0, new byte[] { 9 }, 1, Ct);
        await replica.AdoptLineageAsync(volume.Lineage, Ct);
        var (snapshot, tap) = await volume.SnapshotAndTapAsync("start", 64 << 20, Ct);
        Assert.Equal(1, tap.StartsAfter);
        Assert.Equal(1, snapshot.Lineage.LastNumber);
        var writers = Enumerable.Range(0, 8).Select(seed => Task.Run(
            async () =>
            {
                var chance = new Random(seed);
                for (var i = 0; i < 100; i++)
                {
                    var data = new byte[chance.Next(1, 20_000)];
                    chance.NextBytes(data);
                    await volume.WriteAsync(chance.NextInt64(0, (1 << 20) - data.Length), data, WriteOptions.None, Ct);
                    await volume.TrimAsync(4096 * chance.Next(200), 8192, WriteOptions.None, Ct);
                }
            },
            Ct)).ToArray();
        var next = 2L;
        while (next <= 1 + (8 * 200))
        {
            using var batch = await tap.ReadAsync(256 << 10, Ct);
            Assert.Equal(run, batch!.Run);
            foreach (var write in batch.Writes)
            {
                Assert.Equal(next++, write.Number);
            }

            await replica.ApplyAsync(batch.Run, batch.Writes, Ct);
        }

        await Task.WhenAll(writers);
        Assert.Equal(volume.Lineage, replica.Lineage);
        var (mine, theirs) = (new byte[1 << 20], new byte[1 << 20]);
        await volume.ReadAsync(0, mine, Ct);
        await replica.ReadAsync(0, theirs, Ct);
        Assert.Equal(mine, theirs);
        Assert.Equal(0, tap.QueuedBytes);
        Assert.Null(tap.OldestQueuedAt);
    }

    [Fact]
    public async Task A_snapshot_stands_in_the_tap_between_the_writes_before_and_after_it()
    {
        await using var store = Open();
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var tap = await volume.OpenTapAsync(64 << 20, Ct);
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < 200; i++)
                {
                    await volume.WriteAsync(4096 * i, new byte[] { 1 }, WriteOptions.None, Ct);
                }
            },
            Ct)).ToArray();
        for (var i = 0; i < 20; i++)
        {
            await volume.CreateSnapshotAsync($"s{i}", Ct);
        }

        await Task.WhenAll(writers);
        var (last, seen) = (0L, new List<SnapshotInfo>());
        while (last < 800 || seen.Count < 20)
        {
            using var batch = await tap.ReadAsync(256 << 10, Ct);
            last = batch!.Writes.Count > 0 ? batch.Writes[^1].Number : last;
            if (batch.Snapshot is { } snapshot)
            {
                Assert.Equal(snapshot.Lineage.LastNumber, last);
                seen.Add(snapshot);
            }
        }

        Assert.Equal(volume.Snapshots, seen);
        Assert.Equal(0, tap.QueuedBytes);
    }

    [Fact]
    public async Task A_reader_that_falls_behind_is_told_and_writers_go_on()
    {
        await using var store = Open();
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var tap = await volume.OpenTapAsync(100_000, Ct);
        for (var i = 0; i < 50; i++)
        {
            await volume.WriteAsync(4096 * i, new byte[] { 1 }, WriteOptions.None, Ct);
        }

        Assert.True(tap.Overflowed);
        Assert.Null(await tap.ReadAsync(1 << 20, Ct));
        Assert.Equal(0, tap.QueuedBytes);
        Assert.Equal(50, volume.Lineage.LastNumber);
    }

    [Fact]
    public async Task A_revert_ends_the_tap_since_the_next_write_does_not_follow()
    {
        await using var store = Open();
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        await volume.CreateSnapshotAsync("start", Ct);
        var tap = await volume.OpenTapAsync(1 << 20, Ct);
        var reading = tap.ReadAsync(1 << 20, Ct).AsTask();
        await volume.RevertToSnapshotAsync("start", Ct);
        Assert.Null(await reading);
        Assert.Equal(TapEnd.HistoryChanged, tap.End);
    }

    [Fact]
    public async Task Writes_that_do_not_follow_are_refused()
    {
        await using var store = Open();
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        var run = new RunStart(1, 77, 1);
        await volume.ApplyAsync(run, [Numbered(1), Numbered(2)], Ct);
        Assert.Equal(new Lineage([run], 2), volume.Lineage);
        foreach (var (other, number) in new[] { (run, 2L), (run, 4L), (new RunStart(1, 78, 2), 2L), (new RunStart(0, 79, 3), 3L) })
        {
            var fault = await Assert.ThrowsAsync<BlockException>(async () => await volume.ApplyAsync(other, [Numbered(number)], Ct));
            Assert.Equal(BlockError.Refused, fault.Error);
        }

        await volume.BeginRunAsync(2, Ct);
        Assert.Equal(BlockError.Refused, (await Assert.ThrowsAsync<BlockException>(async () => await volume.ApplyAsync(run, [Numbered(3)], Ct))).Error);
        Assert.Equal(2, volume.Lineage.LastNumber);
    }

    private static NumberedWrite Numbered(long number) => new(number, 0, 1, new byte[] { (byte)number }, WriteKind.Data);

    private static BlockStore Open() => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 1 << 20 }, new FaultyStorage(), background: false);
}
