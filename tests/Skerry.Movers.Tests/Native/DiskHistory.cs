using System.Runtime.InteropServices;
using Skerry.Blocks;

namespace Skerry.Movers.Tests.Native;

/// <summary>
/// Every write that any primary made, by its name (run, number). So for each lineage it is known, block by block, what a disk in
/// that state holds: the oracle of all replication tests.
/// </summary>
internal sealed class DiskHistory
{
    private const int Block = IBlockDevice.BlockSize;

    private readonly Dictionary<(ulong Run, long Number), (long First, int Count, ulong Stamp)> _writes = [];
    private ulong _lastStamp;

    /// <summary>Writes whole blocks with a stamp of their own, or trims them.</summary>
    public async Task WriteAsync(BlockVolume volume, long firstBlock, int count, bool isTrim)
    {
        var before = volume.Lineage.LastNumber;
        var stamp = isTrim ? 0 : ++_lastStamp;
        if (isTrim)
        {
            await volume.TrimAsync(firstBlock * Block, (long)count * Block, WriteOptions.None, CancellationToken.None);
        }
        else
        {
            await volume.WriteAsync(firstBlock * Block, Content(firstBlock, count, stamp), WriteOptions.None, CancellationToken.None);
        }

        var lineage = volume.Lineage;
        Assert.Equal(before + 1, lineage.LastNumber);
        _writes.Add((lineage.Runs[^1].RunId, lineage.LastNumber), (firstBlock, count, stamp));
    }

    /// <summary>The device holds exactly what the lineage says.</summary>
    public async Task AssertHoldsAsync(IBlockDevice device, Lineage lineage, string what)
    {
        var expected = Fold(lineage);
        var blocks = Math.Min(device.SizeBytes / Block, _writes.Values.Select(w => w.First + w.Count).DefaultIfEmpty().Max() + 8);
        var content = new byte[blocks * Block];
        await device.ReadAsync(0, content, CancellationToken.None);
        for (var block = 0L; block < blocks; block++)
        {
            var stamp = expected.GetValueOrDefault(block);
            var wanted = stamp == 0 ? new byte[Block] : Content(block, 1, stamp);
            Assert.True(
                content.AsSpan((int)(block * Block), Block).SequenceEqual(wanted),
                $"{what}, {lineage}: block {block} has stamp {MemoryMarshal.Read<ulong>(content.AsSpan((int)(block * Block)))}, not {stamp}");
        }
    }

    /// <summary>Distinct blocks that a lineage wrote after a number.</summary>
    public HashSet<long> WrittenAfter(Lineage lineage, long number) =>
        [.. Writes(lineage).Where(w => w.Number > number).SelectMany(w => Blocks(w.Write))];

    private Dictionary<long, ulong> Fold(Lineage lineage)
    {
        var blocks = new Dictionary<long, ulong>();
        foreach (var (_, write) in Writes(lineage))
        {
            foreach (var block in Blocks(write))
            {
                blocks[block] = write.Stamp;
            }
        }

        return blocks;
    }

    private IEnumerable<(long Number, (long First, int Count, ulong Stamp) Write)> Writes(Lineage lineage)
    {
        for (var i = 0; i < lineage.Runs.Count; i++)
        {
            var end = i + 1 < lineage.Runs.Count ? lineage.Runs[i + 1].FirstNumber - 1 : lineage.LastNumber;
            for (var number = lineage.Runs[i].FirstNumber; number <= end; number++)
            {
                yield return (number, _writes[(lineage.Runs[i].RunId, number)]);
            }
        }
    }

    private static IEnumerable<long> Blocks((long First, int Count, ulong Stamp) write)
    {
        for (var i = 0; i < write.Count; i++)
        {
            yield return write.First + i;
        }
    }

    private static byte[] Content(long firstBlock, int count, ulong stamp)
    {
        var bytes = new byte[count * Block];
        var words = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan());
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = i % 2 == 0 ? stamp : (ulong)(firstBlock + (i * sizeof(ulong) / Block));
        }

        return bytes;
    }
}
