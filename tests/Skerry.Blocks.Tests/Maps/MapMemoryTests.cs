using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Tests.Maps;

[CollectionDefinition(nameof(MapMemoryTests), DisableParallelization = true)]
public sealed class MapMemoryCollection;

/// <summary>A map takes memory for what was written, and for how: not for the size of the disk. Alone, since the heap is everyone's.</summary>
[Collection(nameof(MapMemoryTests))]
public sealed class MapMemoryTests
{
    private const int BlocksPerGibibyte = 1 << 18;

    [Theory]
    [InlineData(1, false, 3.0)]
    [InlineData(256, true, 0.1)]
    [InlineData(64, true, 0.1)]
    public void A_gibibyte_takes_at_most(int blocksPerWrite, bool inOrder, double mebibytes)
    {
        var order = Enumerable.Range(0, BlocksPerGibibyte / blocksPerWrite).ToArray();
        if (!inOrder)
        {
            new Random(1).Shuffle(order);
        }

        var used = Measure(map =>
        {
            var (log, number) = (0, 0L);
            foreach (var at in order)
            {
                // A header block before each record; a segment of 64 MiB at a time.
                log = (log % 16_384) + blocksPerWrite + 1 > 16_384 ? ((log / 16_384) + 1) * 16_384 : log;
                map.Write((long)at * blocksPerWrite, Place.At(1 + (log / 16_384), (log % 16_384) + 1), blocksPerWrite, ++number);
                log += blocksPerWrite + 1;
            }
        });
        Assert.InRange(used, 0.01 * (1 << 20), mebibytes * (1 << 20));
    }

    [Fact]
    public void The_size_of_a_disk_takes_nothing()
    {
        const long Tebibyte = 1L << 28;
        var used = Measure(map =>
        {
            for (var i = 0; i < 64; i++)
            {
                map.Write(i * (Tebibyte / 64), Place.At(1, i), 1, i + 1);
            }

            map.WriteZeroes(0, Tebibyte, Place.Zeroes, 65);
            map.WriteZeroes(0, Tebibyte, Place.Hole, 66);
        });
        Assert.InRange(used, -(64 << 10), 64 << 10);
    }

    /// <summary>The median of three: what tests before this one left behind may be given back in the middle of one.</summary>
    private static double Measure(Action<BlockMap> fill)
    {
        var found = Enumerable.Range(0, 3).Select(_ => MeasureOnce(fill)).Order().ToList();
        return found[1];
    }

    private static double MeasureOnce(Action<BlockMap> fill)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var live = GC.GetTotalMemory(forceFullCollection: true);
        var map = new BlockMap();
        fill(map);
        var used = GC.GetTotalMemory(forceFullCollection: true) - live;
        GC.KeepAlive(map);
        return used;
    }
}
