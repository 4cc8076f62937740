using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests;

public sealed class ConcurrencyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// Each writer owns some blocks and stamps them with a rising count; readers must never see a stamp go back, a torn block or an error,
    /// while snapshots come and go and dead space is given back under them.
    /// </summary>
    [Fact]
    public async Task Readers_see_whole_blocks_that_never_go_back_while_everything_happens_at_once()
    {
        using var directory = new TemporaryDirectory();
        await using var store = await BlockStore.OpenAsync(
            new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 1 << 20, CheckpointBytes = 1 << 20 }, Ct);
        const int writers = 4, blocksEach = 32;
        var volume = await store.CreateAsync("disk", writers * blocksEach * 4096, Ct);
        await volume.BeginRunAsync(1, Ct);
        var acknowledged = new long[writers * blocksEach];
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var work = new List<Task>();
        for (var writer = 0; writer < writers; writer++)
        {
            var mine = writer;
            work.Add(Task.Run(async () =>
            {
                var chance = new Random(mine);
                var data = new byte[4096];
                for (var stamp = 1L; !stop.IsCancellationRequested; stamp++)
                {
                    var block = (mine * blocksEach) + chance.Next(blocksEach);
                    System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(data.AsSpan()).Fill(stamp);
                    await volume.WriteAsync(block * 4096, data, stamp % 50 == 0 ? WriteOptions.ForceUnitAccess : WriteOptions.None, Ct);
                    Volatile.Write(ref acknowledged[block], stamp);
                }
            }));
        }

        for (var reader = 0; reader < 3; reader++)
        {
            var seed = reader;
            work.Add(Task.Run(async () =>
            {
                var chance = new Random(100 + seed);
                var data = new byte[4096 * 4];
                while (!stop.IsCancellationRequested)
                {
                    var first = chance.Next((writers * blocksEach) - 3);
                    var floor = Enumerable.Range(first, 4).Select(block => Volatile.Read(ref acknowledged[block])).ToArray();
                    await volume.ReadAsync(first * 4096, data, Ct);
                    for (var i = 0; i < 4; i++)
                    {
                        var words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(data.AsSpan(i * 4096, 4096));
                        Assert.False(words.ContainsAnyExcept(words[0]), "a torn block");
                        Assert.True(words[0] >= floor[i], $"block {first + i} went back from {floor[i]} to {words[0]}");
                    }
                }
            }));
        }

        work.Add(Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await volume.CreateSnapshotAsync($"s{i}", Ct);
                var device = volume.OpenSnapshot($"s{i}");
                var (before, after) = (new byte[volume.SizeBytes], new byte[volume.SizeBytes]);
                await device.ReadAsync(0, before, Ct);
                await store.CheckpointAsync();
                await device.ReadAsync(0, after, Ct);
                Assert.Equal(before, after);
                await volume.DeleteSnapshotAsync($"s{i}", Ct);
            }
        }));
        await Task.WhenAll(work);
        await volume.EndRunAsync(Ct);
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockException>(async () => await volume.WriteAsync(0, new byte[1], WriteOptions.None, Ct))).Error);
    }

    [Fact]
    public async Task No_write_is_acknowledged_after_the_run_has_ended()
    {
        await using var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 1 << 20 }, new Log.FaultyStorage(), background: false);
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        for (var round = 1; round <= 20; round++)
        {
            await volume.BeginRunAsync(round, Ct);
            var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                var done = 0;
                try
                {
                    while (true)
                    {
                        await volume.WriteAsync(0, new byte[] { 1 }, done % 3 == 0 ? WriteOptions.ForceUnitAccess : WriteOptions.None, Ct);
                        done++;
                    }
                }
                catch (BlockException e) when (e.Error is BlockError.Closed or BlockError.ReadOnly)
                {
                    return done;
                }
            })).ToArray();
            await Task.Delay(2, Ct);
            var before = volume.Lineage.Runs[^1].FirstNumber;
            await volume.EndRunAsync(Ct);
            var last = volume.Lineage.LastNumber;
            var acknowledged = (await Task.WhenAll(writers)).Sum();
            Assert.Equal(last, volume.Lineage.LastNumber);
            Assert.Equal(last - before + 1, acknowledged);
            Assert.Equal(last, volume.DurableNumber);
        }
    }
}
