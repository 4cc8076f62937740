using System.Globalization;
using Skerry.Blocks;

namespace Skerry.Benchmarks.Store;

/// <summary>
/// A store whose capacity a volume fills to a share, overwritten at random three times over: what that does to the rate, and how much
/// is written to the disk for each byte written to the volume. The process itself is asked for the latter, so that all counts that
/// the store writes.
/// </summary>
internal static class Aging
{
    private const int Parts = 12, FreshDraws = 1 << 16;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string directory, int livePercent, Selection selection, CancellationToken cancellationToken)
    {
        var liveBytes = selection.Gibibytes * (1L << 30);
        var blocks = liveBytes / Load.BlockBytes;
        var chance = new Random(5);
        var options = new BlockStoreOptions { Directory = directory, CapacityBytes = liveBytes * 100 / livePercent };
        await using var store = await BlockStore.OpenAsync(options, cancellationToken);
        var volume = await FillAsync(store, liveBytes, cancellationToken);

        // The fresh one has all the room that there is, and is written to in turn with the aged: a virtual machine's memory is quick or
        // slow by the minute.
        await using var freshStore = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = $"{directory}.fresh" }, cancellationToken);
        var fresh = await FillAsync(freshStore, 1L << 30, cancellationToken);
        List<double> rates = [], freshRates = [];
        var (written, asked) = (0L, 0L);
        for (var part = 0; part < Parts; part++)
        {
            var before = WrittenBytes();
            rates.Add(await Load.BlocksAsync(volume, Load.Drawn(chance, 0, blocks, 3 * blocks / Parts), cancellationToken));

            // The first third fills the room that is left; what counts is the steady state after it.
            if (part >= Parts / 3)
            {
                written += WrittenBytes() - before;
                asked += 3 * liveBytes / Parts;
                freshRates.Add(await Load.BlocksAsync(fresh, Load.Drawn(chance, 0, (1L << 30) / Load.BlockBytes, FreshDraws), cancellationToken));
            }
        }

        var what = $"aging {livePercent} % live, {selection.Gibibytes} GiB overwritten thrice";
        return
        [
            new(
                $"{what}: rate", Math.Round(StoreBenchmark.Median(rates[(Parts / 3)..])), "IOPS", "fresh", Math.Round(StoreBenchmark.Median(freshRates)),
                livePercent == 70 ? 0.8 : null),
            StoreBenchmark.Within($"{what}: write amplification", written / (double)asked, "x", livePercent == 70 ? 2.2 : 3),
        ];
    }

    private static async Task<BlockVolume> FillAsync(BlockStore store, long liveBytes, CancellationToken cancellationToken)
    {
        var volume = await store.CreateAsync(StoreBenchmark.Volume, liveBytes, cancellationToken);
        await volume.BeginRunAsync(1, cancellationToken);
        await Load.InOrderAsync(volume, 0, liveBytes, cancellationToken);
        await volume.FlushAsync(cancellationToken);
        return volume;
    }

    /// <summary>What this process has handed to the kernel to write so far, whatever for.</summary>
    private static long WrittenBytes()
    {
        const string Key = "wchar: ";
        return long.Parse(File.ReadLines("/proc/self/io").First(l => l.StartsWith(Key, StringComparison.Ordinal))[Key.Length..], CultureInfo.InvariantCulture);
    }
}
