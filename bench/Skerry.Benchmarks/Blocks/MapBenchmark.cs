using System.Diagnostics;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Benchmarks.Blocks;

/// <summary>
/// What the block map costs by itself, beside the bounds that were set for it: memory, overwrites with and without snapshots,
/// differences, the search for dead space, saving and loading. A volume of 16 GiB, all of it written at random in 4 KiB.
/// </summary>
internal static class MapBenchmark
{
    private const int BlocksPerGibibyte = 1 << 18;
    private const int SegmentBlocks = 1 << 14;
    private const int VolumeGibibytes = 16;
    private const int VolumeBlocks = VolumeGibibytes * BlocksPerGibibyte;
    private const int Overwrites = 1 << 18;

    public static Task<IReadOnlyList<Comparison>> RunAsync(string folder, Selection selection, CancellationToken cancellationToken) =>
        Task.Run<IReadOnlyList<Comparison>>(() => Run(folder, selection), cancellationToken);

    private static List<Comparison> Run(string folder, Selection selection)
    {
        List<Comparison> all = [];
        all.Add(Bound("memory per GiB, 4 KiB at random", Memory(log => Fill(new BlockMap(), log, BlocksPerGibibyte, inOrder: false, 1)), "MiB", 3));
        all.Add(Bound("memory per GiB, 1 MiB in order", Memory(log => Fill(new BlockMap(), log, BlocksPerGibibyte, inOrder: true, 256)), "MiB", 0.1));
        all.Add(Bound("memory per GiB, 256 KiB in order", Memory(log => Fill(new BlockMap(), log, BlocksPerGibibyte, inOrder: true, 64)), "MiB", 0.1));

        var log = new Log();
        var map = Fill(new BlockMap(), log, VolumeBlocks, inOrder: false, 1);
        var fresh = Median(selection, () => Overwrite(map, log, 1));
        all.Add(new Comparison("first overwrite after a snapshot", Median(selection, () => Overwrite(Shared(map), log, 2)), "ns", "plain overwrite", fresh, null, LessIsBetter: true));
        List<BlockMap> snapshots = [];
        for (var i = 0; i < 1000; i++)
        {
            Overwrite(map, log, 3, 100);
            snapshots.Add(map.Share());
        }

        Overwrite(map, log, 3, VolumeBlocks / 4);
        all.Add(new Comparison("overwrite below 1,000 snapshots", Median(selection, () => Overwrite(map, log, 4)), "ns", "no snapshot", fresh, null, LessIsBetter: true));
        snapshots.Clear();
        all.Add(Bound("snapshot", Median(selection, () => Nanoseconds(() => snapshots.Add(map.Share()), 1000) / 1000), "µs", 10_000));

        var since = log.Number;
        Overwrite(map, log, 5, VolumeBlocks / 100);
        all.Add(Bound("difference of 1 %", Median(selection, () => Nanoseconds(() => map.Visit(since, 0, VolumeBlocks, static (_, _, _) => { }), 1) / 1e6), "ms", 50));

        var walk = 1;
        var frozen = map.Freeze();
        all.Add(Bound("marking what is live, per block", Median(selection, () => Nanoseconds(() => new LiveMarker(new LivePlaces(SegmentBlocks), walk++).Mark(frozen), 1) / VolumeBlocks), "ns", 15));

        using var storage = new DirectoryStorage(Path.Combine(folder, "maps"));
        var files = new MapFiles(storage, 1, MapFilesMark.None);
        all.Add(Bound("saving all", Nanoseconds(() => files.Save([frozen]), 1) / 1e6, "ms", 1000));
        frozen.Release();
        all.Add(Bound("saving 1 % changed", Median(selection, () =>
        {
            Overwrite(map, log, 6, VolumeBlocks / 100);
            frozen = map.Freeze();
            var took = Nanoseconds(() => files.Save([frozen]), 1) / 1e6;
            frozen.Release();
            return took;
        }), "ms", 1000));
        all.Add(Bound("loading", Median(selection, () =>
        {
            using var nodes = new NodeLoader(storage, 1, files.Mark);
            return Nanoseconds(() => nodes.Load(frozen.Root.Address, 0, VolumeBlocks, log.Number), 1) / 1e6;
        }), "ms", 1000));
        return all;
    }

    private static Comparison Bound(string metric, double value, string unit, double bound) => new(metric, value, unit, "bound", bound, 1, LessIsBetter: true);

    private static BlockMap Fill(BlockMap map, Log log, int blocks, bool inOrder, int count)
    {
        var order = Enumerable.Range(0, blocks / count).ToArray();
        if (!inOrder)
        {
            new Random(1).Shuffle(order);
        }

        foreach (var at in order)
        {
            map.Write((long)at * count, log.Add(count), count, ++log.Number);
        }

        return map;
    }

    private static BlockMap Shared(BlockMap map)
    {
        map.Share();
        return map;
    }

    /// <summary>Nanoseconds for each overwrite.</summary>
    private static double Overwrite(BlockMap map, Log log, int seed, int count = Overwrites)
    {
        var chance = new Random(seed);
        var blocks = new int[count];
        for (var i = 0; i < count; i++)
        {
            blocks[i] = chance.Next(VolumeBlocks);
        }

        var started = Stopwatch.GetTimestamp();
        foreach (var block in blocks)
        {
            map.Write(block, log.Add(1), 1, ++log.Number);
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / count;
    }

    private static double Memory(Func<Log, BlockMap> make)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var map = make(new Log());
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(map);
        return (after - before) / (double)(1 << 20);
    }

    private static double Nanoseconds(Action action, int times)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / times;
    }

    private static double Median(Selection selection, Func<double> measure)
    {
        measure();
        var values = Enumerable.Range(0, selection.Rounds).Select(_ => measure()).Order().ToArray();
        return Math.Round(values[values.Length / 2], 3);
    }

    /// <summary>Where a log of such records would put them: a header block, then the data.</summary>
    private sealed class Log
    {
        private long _segment = 1;
        private int _block;

        public long Number { get; set; }

        public Place Add(int count)
        {
            if (_block + 1 + count > SegmentBlocks)
            {
                (_segment, _block) = (_segment + 1, 0);
            }

            var place = Place.At(_segment, _block + 1);
            _block += 1 + count;
            return place;
        }
    }
}
