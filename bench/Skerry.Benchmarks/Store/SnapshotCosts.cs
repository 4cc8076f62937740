using Skerry.Blocks;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Store;

/// <summary>
/// A volume of 1 TiB with some gibibytes written at random all over it, in a process that is killed: the time to open it again, to take
/// snapshots and clones of it, to write after them, and to tell what changed.
/// </summary>
internal static class SnapshotCosts
{
    /// <summary>The part of this program that writes the volume and waits to be killed.</summary>
    public const string FillVerb = "fill";

    private const string Filled = "filled";
    private const int Samples = 21;
    private const int Overwrites = 4000;
    private static readonly TimeSpan FillPatience = TimeSpan.FromMinutes(10);

    public static async Task<int> FillAsync(string directory, int gibibytes, CancellationToken cancellationToken)
    {
        var (_, volume) = await StoreBenchmark.MakeAsync(directory, cancellationToken);
        await Load.BlocksAsync(volume, Spread(gibibytes), cancellationToken);
        await volume.FlushAsync(cancellationToken);
        Console.WriteLine(Filled);
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string directory, Selection selection, CancellationToken cancellationToken)
    {
        await FillAndKillAsync(directory, selection.Gibibytes, cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken);
        var openSeconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var volume = await store.OpenAsync(StoreBenchmark.Volume, cancellationToken);
        await volume.BeginRunAsync(1, cancellationToken);
        var blocks = Spread(selection.Gibibytes).ToArray();
        var what = $"1 TiB, {selection.Gibibytes} GiB written";

        List<Comparison> all = [StoreBenchmark.Within($"open after SIGKILL, {what}", openSeconds, "s", 1)];
        all.AddRange(await SnapshotAndCloneAsync(store, volume, what, cancellationToken));
        all.Add(await FirstOverwriteAsync(volume, blocks, cancellationToken));
        all.Add(await DifferenceAsync(volume, blocks, what, cancellationToken));
        all.Add(await ThousandAsync($"{directory}.many", cancellationToken));
        return all;
    }

    /// <summary>Blocks all over the volume, in stretches of 2 MiB with nothing between, so that the map is as wide as the volume.</summary>
    private static IEnumerable<long> Spread(int gibibytes)
    {
        const long StretchBlocks = 512;
        var count = gibibytes * (1L << 30) / Load.BlockBytes;
        var apart = StoreBenchmark.VolumeBytes / Load.BlockBytes / (count / StretchBlocks);
        return Load.Scattered(0, count).Select(i => (i / StretchBlocks * apart) + (i % StretchBlocks));
    }

    private static async Task FillAndKillAsync(string directory, int gibibytes, CancellationToken cancellationToken)
    {
        var log = $"{directory}.log";
        await using var child = RunningProgram.Start("dotnet", [typeof(SnapshotCosts).Assembly.Location, FillVerb, directory, $"{gibibytes}"], log);
        var started = TimeProvider.System.GetTimestamp();
        while (!File.Exists(log) || !File.ReadLines(log).Contains(Filled))
        {
            if (child.HasExited || TimeProvider.System.GetElapsedTime(started) > FillPatience)
            {
                throw new InvalidOperationException($"the volume was not filled: {child.LogTail()}");
            }

            await Task.Delay(100, cancellationToken);
        }

        await child.KillAsync();
    }

    private static async Task<IReadOnlyList<Comparison>> SnapshotAndCloneAsync(BlockStore store, BlockVolume volume, string what, CancellationToken cancellationToken)
    {
        List<double> snapshots = [], clones = [];
        for (var i = 0; i < Samples; i++)
        {
            // A write first, so that there is something to make durable.
            await Load.BlocksAsync(volume, [i], cancellationToken);
            snapshots.Add(await MillisecondsAsync(async () => await volume.CreateSnapshotAsync($"s{i}", cancellationToken)));
            clones.Add(await MillisecondsAsync(async () => await store.CloneAsync($"clone{i}", volume.Id, null, cancellationToken)));
        }

        for (var i = 0; i < Samples; i++)
        {
            await volume.DeleteSnapshotAsync($"s{i}", cancellationToken);
            await store.DeleteAsync($"clone{i}", cancellationToken);
        }

        return
        [
            StoreBenchmark.Within($"snapshot, {what}", StoreBenchmark.Median(snapshots), "ms", 10),
            StoreBenchmark.Within($"clone, {what}", StoreBenchmark.Median(clones), "ms", 10),
        ];
    }

    /// <summary>Plain overwrites of blocks in leaves that the head owns, against the first ones after a snapshot, in turn.</summary>
    private static async Task<Comparison> FirstOverwriteAsync(BlockVolume volume, long[] blocks, CancellationToken cancellationToken)
    {
        List<double> plain = [], first = [];
        var count = Math.Min(Overwrites, blocks.Length);
        for (var round = 0; round < 5; round++)
        {
            // Once uncounted, so that the head owns what the plain ones change.
            await Load.OneByOneAsync(volume, blocks.Take(count), cancellationToken);
            plain.Add(StoreBenchmark.Median(await Load.OneByOneAsync(volume, blocks.Take(count), cancellationToken)));
            await volume.CreateSnapshotAsync("before", cancellationToken);
            first.Add(StoreBenchmark.Median(await Load.OneByOneAsync(volume, blocks.Take(count), cancellationToken)));
            await volume.DeleteSnapshotAsync("before", cancellationToken);
        }

        return new("first overwrite after a snapshot", Math.Round(StoreBenchmark.Median(first), 2), "us", "plain overwrite", Math.Round(StoreBenchmark.Median(plain), 2), 0.95, LessIsBetter: true);
    }

    private static async Task<Comparison> DifferenceAsync(BlockVolume volume, long[] blocks, string what, CancellationToken cancellationToken)
    {
        var before = volume.Lineage.LastNumber;
        var chance = new Random(3);
        await Load.BlocksAsync(volume, Enumerable.Range(0, blocks.Length / 100).Select(_ => blocks[chance.Next(blocks.Length)]), cancellationToken);
        var milliseconds = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            milliseconds.Add(await MillisecondsAsync(() => Task.FromResult(volume.ChangedSince(before).Count)));
        }

        return StoreBenchmark.Within($"difference of 1 %, {what}", StoreBenchmark.Median(milliseconds), "ms", 50);
    }

    /// <summary>
    /// The rate of random overwrites with a thousand snapshots, each of which holds something of its own, against that of a store without,
    /// in turn: what the machine does meanwhile is then on both sides.
    /// </summary>
    private static async Task<Comparison> ThousandAsync(string directory, CancellationToken cancellationToken)
    {
        const int Snapshots = 1000, Rounds = 15, Draws = 100_000;
        var (storeWith, volumeWith) = await StoreBenchmark.MakeAsync($"{directory}.with", cancellationToken);
        var (storeWithout, volumeWithout) = await StoreBenchmark.MakeAsync($"{directory}.without", cancellationToken);
        await using var closesWith = storeWith;
        await using var closesWithout = storeWithout;
        var blocks = Spread(1).ToArray();
        var chance = new Random(4);
        Task<double> RateAsync(BlockVolume volume, int draws) =>
            Load.BlocksAsync(volume, Enumerable.Range(0, draws).Select(_ => blocks[chance.Next(blocks.Length)]), cancellationToken);
        foreach (var volume in new[] { volumeWith, volumeWithout })
        {
            await Load.BlocksAsync(volume, blocks, cancellationToken);
        }

        for (var i = 0; i < Snapshots; i++)
        {
            await RateAsync(volumeWith, 32);
            await volumeWith.CreateSnapshotAsync($"many{i}", cancellationToken);
        }

        // Once uncounted: after a snapshot first overwrites copy what it shares, and this is not asked here.
        await RateAsync(volumeWith, 2 * Draws);
        await RateAsync(volumeWithout, 2 * Draws);
        List<double> with = [], without = [];
        for (var round = 0; round < Rounds; round++)
        {
            with.Add(await RateAsync(volumeWith, Draws));
            without.Add(await RateAsync(volumeWithout, Draws));
        }

        return new("random overwrites, 1,000 snapshots", Math.Round(StoreBenchmark.Median(with)), "IOPS", "no snapshots", Math.Round(StoreBenchmark.Median(without)), 0.95);
    }

    private static async Task<double> MillisecondsAsync(Func<Task> action)
    {
        var started = TimeProvider.System.GetTimestamp();
        await action();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }
}
