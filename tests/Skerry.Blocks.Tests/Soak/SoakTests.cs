using System.Globalization;
using Skerry.Blocks.Integrity;

namespace Skerry.Blocks.Tests.Soak;

/// <summary>
/// Writes, snapshots, clones, deletes, cleaner and scrub at once on real files and over real NBD connections. In cycles: load, then rest,
/// in which all snapshots go, everything is proved and dead space is given back; so what one cycle holds at rest can be compared with
/// another. <c>make soak [MINUTES=10]</c> is the long one.
/// </summary>
public sealed class SoakTests
{
    private const int Volumes = 3, DiskBlocks = 12_288;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_short_soak_ends_with_every_block_right()
    {
        var rests = await RunAsync(cycles: 2, TimeSpan.FromSeconds(2), _ => { });
        Assert.Equal(2, rests.Count);
    }

    [Fact(Explicit = true)]
    public async Task A_long_soak_ends_with_every_block_right_and_memory_and_space_flat()
    {
        var minutes = double.TryParse(Environment.GetEnvironmentVariable("SKERRY_SOAK_MINUTES"), CultureInfo.InvariantCulture, out var asked) ? asked : 10;
        var cycle = TimeSpan.FromSeconds(Math.Clamp(minutes * 60 / 12, 4, 45));
        var cycles = Math.Max(6, (int)(minutes * 60 / cycle.TotalSeconds));
        var rests = await RunAsync(cycles, cycle, Console.WriteLine);

        // The first cycle fills caches and pools.
        var third = Math.Max(1, (cycles - 1) / 3);
        Assert.Null(SoakRest.Growth([.. rests.Skip(1).Take(third)], [.. rests.TakeLast(third)]));
    }

    private static async Task<IReadOnlyList<SoakRest>> RunAsync(int cycles, TimeSpan length, Action<string> tell)
    {
        var folder = Directory.CreateTempSubdirectory("skerry-soak-").FullName;
        try
        {
            var options = new BlockStoreOptions
            {
                Directory = Path.Combine(folder, "store"),
                SegmentBytes = 8 << 20,
                CheckpointBytes = 32 << 20,
                CapacityBytes = 1536L << 20,
                ChecksumCacheBytes = 4 << 20,
            };
            var disks = Enumerable.Range(0, Volumes).Select(_ => new SoakDisk(DiskBlocks, SoakVolume.Writers)).ToArray();
            var counts = new SoakCounts();
            List<SoakRest> rests = [];
            var (passes, store) = (0, await BlockStore.OpenAsync(options, Ct));
            try
            {
                for (var cycle = 1; cycle <= cycles; cycle++)
                {
                    passes += await CycleAsync(store, disks, counts, cycle, length, folder);
                    rests.Add(SoakRest.Take(store));
                    tell($"soak: cycle {cycle} of {cycles}: {counts}, {passes} scrubs; at rest: {rests[^1]}");
                    if (cycle % 3 == 0)
                    {
                        await store.DisposeAsync();
                        store = await BlockStore.OpenAsync(options, Ct);
                    }
                }
            }
            finally
            {
                await store.DisposeAsync();
            }

            Assert.True(passes > 0, "no scrub ended");
            return rests;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>How many times the scrub went through all.</summary>
    private static async Task<int> CycleAsync(BlockStore store, SoakDisk[] disks, SoakCounts counts, int cycle, TimeSpan length, string folder)
    {
        List<SoakVolume> volumes = [];
        for (var i = 0; i < Volumes; i++)
        {
            var id = $"v{i}";
            var volume = store.VolumeIds.Contains(id) ? await store.OpenAsync(id, Ct) : await store.CreateAsync(id, (long)DiskBlocks * SoakDisk.BlockBytes, Ct);
            if (volume.IsReadOnly)
            {
                await volume.BeginRunAsync(1, Ct);
            }

            volumes.Add(new SoakVolume(store, volume, disks[i], counts, (cycle * 1000) + (i * 10), folder));
        }

        int passes;
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct))
        {
            stop.CancelAfter(length);
            var scrub = ScrubAsync(store, stop);
            await Task.WhenAll([.. volumes.Select(volume => StopAllOnFaultAsync(volume.RunAsync(stop.Token), stop)), scrub]);
            passes = await scrub;
        }

        foreach (var volume in volumes)
        {
            await volume.RestAsync(Ct);
        }

        await store.CheckpointAsync();
        while (await store.CleanAsync(Ct))
        {
            await store.CheckpointAsync();
        }

        return passes;
    }

    private static async Task<int> ScrubAsync(BlockStore store, CancellationTokenSource stop)
    {
        var passes = 0;
        using var scrub = new Scrub(store, new ScrubOptions { Interval = TimeSpan.FromMilliseconds(1), FirstAfter = TimeSpan.Zero, BytesPerSecond = 256 << 20 }, TimeProvider.System);
        while (!stop.IsCancellationRequested)
        {
            var (again, finished) = await scrub.StepAsync(CancellationToken.None);
            if (finished is not null)
            {
                passes++;
                Assert.Empty(finished.Findings);
            }

            await Task.Delay(again ?? TimeSpan.FromMilliseconds(1), CancellationToken.None);
        }

        return passes;
    }

    private static async Task StopAllOnFaultAsync(Task running, CancellationTokenSource stop)
    {
        try
        {
            await running;
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }
}
