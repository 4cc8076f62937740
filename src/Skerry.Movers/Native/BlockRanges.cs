using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>A range of bytes to be handled, and whether the source is known to hold nothing there.</summary>
internal readonly record struct ByteRange(long OffsetBytes, long LengthBytes, bool IsHole)
{
    public long EndBytes => OffsetBytes + LengthBytes;
}

/// <summary>Lists of ranges in order, as the catch-up walks them.</summary>
internal static class BlockRanges
{
    /// <summary>Whatever is changed at either side, merged and in order; the source's holes are no longer told apart.</summary>
    public static IReadOnlyList<ByteRange> Union(IEnumerable<ByteRange> one, IEnumerable<ByteRange> other)
    {
        var merged = new List<ByteRange>();
        foreach (var range in one.Concat(other).OrderBy(r => r.OffsetBytes))
        {
            if (merged.Count > 0 && range.OffsetBytes <= merged[^1].EndBytes)
            {
                var last = merged[^1];
                merged[^1] = last with { LengthBytes = Math.Max(last.EndBytes, range.EndBytes) - last.OffsetBytes };
            }
            else
            {
                merged.Add(range with { IsHole = false });
            }
        }

        return merged;
    }

    public static IReadOnlyList<ByteRange> Of(IReadOnlyList<ChangedRange> changed) =>
        [.. changed.Select(c => new ByteRange(c.OffsetBytes, c.LengthBytes, c.IsHole))];

    /// <summary>What is left from an offset on.</summary>
    public static IEnumerable<ByteRange> From(IEnumerable<ByteRange> ranges, long offsetBytes)
    {
        foreach (var range in ranges)
        {
            if (range.EndBytes <= offsetBytes)
            {
                continue;
            }

            yield return range.OffsetBytes >= offsetBytes
                ? range
                : range with { OffsetBytes = offsetBytes, LengthBytes = range.EndBytes - offsetBytes };
        }
    }

    /// <summary>Cut into pieces of at most so many bytes; holes stay whole.</summary>
    public static IEnumerable<ByteRange> Pieces(IEnumerable<ByteRange> ranges, int maxBytes)
    {
        foreach (var range in ranges)
        {
            if (range.IsHole)
            {
                yield return range;
                continue;
            }

            for (var at = range.OffsetBytes; at < range.EndBytes; at += maxBytes)
            {
                yield return new ByteRange(at, Math.Min(maxBytes, range.EndBytes - at), false);
            }
        }
    }

    public static long TotalBytes(IEnumerable<ByteRange> ranges) => ranges.Sum(r => r.LengthBytes);
}
