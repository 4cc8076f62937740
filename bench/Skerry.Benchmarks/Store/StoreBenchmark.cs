using Skerry.Blocks;

namespace Skerry.Benchmarks.Store;

/// <summary>
/// The block store without NBD: what snapshots, differences, opening and age cost. Bounds stand where a peer would, since peers have
/// no such thing; where the other side is ourselves in another state, both are measured in turn.
/// </summary>
internal static class StoreBenchmark
{
    /// <summary>The whole address space of the volumes; only a part of it is written.</summary>
    public const long VolumeBytes = 1L << 40;

    public const string Volume = "disk", Bound = "bound";

    private const int Mebi = 1 << 20;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string folder, Selection selection, CancellationToken cancellationToken)
    {
        List<Comparison> all = [];
        if (selection.Takes("store-memory"))
        {
            all.AddRange(await MemoryAsync(folder, cancellationToken));
        }

        if (selection.Takes("store-snapshots"))
        {
            all.AddRange(await SnapshotCosts.RunAsync(Path.Combine(folder, "snapshots"), selection, cancellationToken));
        }

        if (selection.Takes("store-overwrite"))
        {
            all.Add(await OverwriteAsync(Path.Combine(folder, "overwrite"), selection, cancellationToken));
        }

        foreach (var livePercent in new[] { 70, 80 }.Where(p => selection.Takes($"store-aging-{p}")))
        {
            all.AddRange(await Aging.RunAsync(Path.Combine(folder, $"aging{livePercent}"), livePercent, selection, cancellationToken));
        }

        return all;
    }

    public static Comparison Within(string metric, double value, string unit, double bound) => new(metric, Math.Round(value, 3), unit, Bound, bound, 1.0, LessIsBetter: true);

    /// <summary>A volume of 1 TiB that is open for writing, in a store of its own.</summary>
    public static async Task<(BlockStore Store, BlockVolume Volume)> MakeAsync(string directory, CancellationToken cancellationToken)
    {
        var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken);
        var volume = await store.CreateAsync(Volume, VolumeBytes, cancellationToken);
        await volume.BeginRunAsync(1, cancellationToken);
        return (store, volume);
    }

    public static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>A volume written over in order, 1 MiB at a time: once its segments come back in time, none has to be made for it.</summary>
    private static async Task<Comparison> OverwriteAsync(string directory, Selection selection, CancellationToken cancellationToken)
    {
        const int Passes = 8;
        var (store, volume) = await MakeAsync(directory, cancellationToken);
        await using (store)
        {
            List<double> rates = [];
            for (var pass = 0; pass < Passes; pass++)
            {
                var started = TimeProvider.System.GetTimestamp();
                await Load.InOrderAsync(volume, 0, selection.Gibibytes * (1L << 30), cancellationToken);
                await volume.FlushAsync(cancellationToken);
                rates.Add(selection.Gibibytes * 1024 / TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            }

            return new($"{selection.Gibibytes} GiB overwritten in order", Math.Round(Median(rates[(Passes / 2)..])), "MiB/s", "first pass", Math.Round(rates[0]), 1.0);
        }
    }

    /// <summary>
    /// What the process holds more after writing: the map, and some KiB for each segment. Checksums of blocks are bounded by an option:
    /// here as far down as it goes, and filled up before. What the map alone takes is measured by the benchmark of maps.
    /// </summary>
    private static async Task<IReadOnlyList<Comparison>> MemoryAsync(string folder, CancellationToken cancellationToken)
    {
        const long Gibi = 1L << 30;
        const int InOrderGibi = 4;
        var options = new BlockStoreOptions { Directory = Path.Combine(folder, "memory"), ChecksumCacheBytes = Mebi };
        await using var store = await BlockStore.OpenAsync(options, cancellationToken);
        var volume = await store.CreateAsync(Volume, VolumeBytes, cancellationToken);
        await volume.BeginRunAsync(1, cancellationToken);
        await Load.InOrderAsync(volume, 32 * Gibi, 2 * Gibi, cancellationToken);

        // At rest: between checkpoints the checksums of at most so much log are held beside the map.
        await store.CheckpointAsync();
        var start = GC.GetTotalMemory(forceFullCollection: true);
        await Load.InOrderAsync(volume, Gibi, InOrderGibi * Gibi, cancellationToken);
        await store.CheckpointAsync();
        var inOrder = (GC.GetTotalMemory(forceFullCollection: true) - start) / InOrderGibi;
        start = GC.GetTotalMemory(forceFullCollection: true);
        await Load.BlocksAsync(volume, Load.Scattered(8 * Gibi / Load.BlockBytes, Gibi / Load.BlockBytes), cancellationToken);
        await store.CheckpointAsync();
        var scattered = GC.GetTotalMemory(forceFullCollection: true) - start;
        return
        [
            Within("memory for 1 GiB at random", Math.Max(1024, scattered) / (double)Mebi, "MiB", 3),
            new("memory for 1 GiB in order, segments included", Math.Round(Math.Max(1024, inOrder) / (double)Mebi, 2), "MiB", "bound on the map", 0.1, null, LessIsBetter: true),
        ];
    }
}
