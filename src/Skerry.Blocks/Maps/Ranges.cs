namespace Skerry.Blocks.Maps;

/// <summary>What a map says, as byte ranges within a disk.</summary>
internal static class Ranges
{
    public static void Require(string name, long sizeBytes, long offsetBytes, long lengthBytes)
    {
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > sizeBytes || lengthBytes > sizeBytes - offsetBytes)
        {
            throw new BlockException(BlockError.OutOfRange, $"{name} has {sizeBytes} bytes; {lengthBytes} bytes at {offsetBytes} are not all inside");
        }
    }

    public static IReadOnlyList<BlockExtent> Extents(string name, BlockMap map, long sizeBytes, long offsetBytes, long lengthBytes, int limit)
    {
        Require(name, sizeBytes, offsetBytes, lengthBytes);
        var extents = new List<BlockExtent>();
        var end = offsetBytes + lengthBytes;
        foreach (var (first, count, place) in map.Stretches(offsetBytes / Sizes.Block, Sizes.BlocksFor(end)))
        {
            var from = Math.Max(first * Sizes.Block, offsetBytes);
            var to = Math.Min((first + count) * Sizes.Block, end);
            var allocated = place != Place.Hole;
            if (extents.Count > 0 && extents[^1].Allocated == allocated)
            {
                extents[^1] = extents[^1] with { LengthBytes = to - extents[^1].OffsetBytes };
            }
            else if (extents.Count < limit)
            {
                extents.Add(new BlockExtent(from, to - from, allocated));
            }
            else
            {
                break;
            }
        }

        return extents;
    }

    /// <summary>Blocks with a number above <paramref name="number"/>; all blocks for -1.</summary>
    public static IReadOnlyList<ChangedRange> Changed(BlockMap map, long sizeBytes, long number) => Changed(map, sizeBytes, number, 0, sizeBytes);

    /// <summary>Those of them that touch a part of the disk, whole.</summary>
    public static IReadOnlyList<ChangedRange> Changed(BlockMap map, long sizeBytes, long number, long offsetBytes, long lengthBytes)
    {
        var ranges = new List<ChangedRange>();
        map.Visit(number, offsetBytes / Sizes.Block, Sizes.BlocksFor(Math.Min(offsetBytes + lengthBytes, sizeBytes)), (first, count, place) =>
        {
            var offset = first * Sizes.Block;
            var length = Math.Min(count * Sizes.Block, sizeBytes - offset);
            var hole = place.ReadsAsZeroes;
            if (ranges.Count > 0 && ranges[^1] is var last && last.IsHole == hole && last.OffsetBytes + last.LengthBytes == offset)
            {
                ranges[^1] = last with { LengthBytes = last.LengthBytes + length };
            }
            else
            {
                ranges.Add(new ChangedRange(offset, length, hole));
            }
        });
        return ranges;
    }

    /// <summary>What may differ from the state that a write number stands for, when it may stand for several: see <see cref="Fork"/>.</summary>
    public static long Reliable(IEnumerable<Fork> forks, long number, long lastNumber, bool ofOwnLine) =>
        number > lastNumber || number < 0 || forks.Any(fork => ofOwnLine ? fork.Jumps(number) : fork.Obscures(number)) ? -1 : number;
}
