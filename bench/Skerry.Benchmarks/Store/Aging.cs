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
    private const int Parts = 12;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string directory, int livePercent, Selection selection, CancellationToken cancellationToken)
    {
        var liveBytes = selection.Gibibytes * (1L << 30);
        var fresh = await FreshRateAsync($"{directory}.fresh", liveBytes, cancellationToken);
        var options = new BlockStoreOptions { Directory = directory, CapacityBytes = liveBytes * 100 / livePercent };
        await using var store = await BlockStore.OpenAsync(options, cancellationToken);
        var volume = await FillAsync(store, liveBytes, cancellationToken);
        var blocks = liveBytes / Load.BlockBytes;
        var chance = new Random(5);
        List<double> rates = [];
        var written = 0L;
        for (var part = 0; part < Parts; part++)
        {
            // The first third fills the room that is left; what counts for amplification is the steady state after it.
            if (part == Parts / 3)
            {
                written = WrittenBytes();
            }

            rates.Add(await Load.BlocksAsync(volume, Load.Drawn(chance, 0, blocks, 3 * blocks / Parts), cancellationToken));
        }

        var asked = liveBytes * 3 / Parts * (Parts - (Parts / 3));
        var what = $"aging {livePercent} % live, {selection.Gibibytes} GiB overwritten thrice";
        return
        [
            new($"{what}: rate", Math.Round(StoreBenchmark.Median(rates[^(Parts / 3)..])), "IOPS", "fresh", Math.Round(fresh), livePercent == 70 ? 0.8 : null),
            StoreBenchmark.Within($"{what}: write amplification", (WrittenBytes() - written) / (double)asked, "x", livePercent == 70 ? 2.2 : 3),
        ];
    }

    /// <summary>Overwrites at random of a volume that was just written, with all the room that there is.</summary>
    private static async Task<double> FreshRateAsync(string directory, long liveBytes, CancellationToken cancellationToken)
    {
        double rate;
        await using (var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken))
        {
            var volume = await FillAsync(store, liveBytes, cancellationToken);
            var blocks = liveBytes / Load.BlockBytes;
            List<double> rates = [];
            var chance = new Random(6);
            for (var part = 0; part < 5; part++)
            {
                rates.Add(await Load.BlocksAsync(volume, Load.Drawn(chance, 0, blocks, blocks / 10), cancellationToken));
            }

            rate = StoreBenchmark.Median(rates);
        }

        Directory.Delete(directory, recursive: true);
        return rate;
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
