using System.Runtime.InteropServices;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Maps;

/// <summary>Which blocks of each segment some map uses.</summary>
internal sealed class LivePlaces(int segmentBlocks)
{
    private readonly Dictionary<long, ulong[]> _segments = [];
    private long _lastSegment = -1;
    private ulong[] _last = [];

    /// <summary>False when a part of a map is lost: then it may have used any place, so none may be given back.</summary>
    public bool IsComplete { get; set; } = true;

    /// <summary>The segments that hold anything live, in no order.</summary>
    public IReadOnlyCollection<long> Segments => _segments.Keys;

    public void Add(Place place, int count)
    {
        var bits = Of(place.Segment);
        var block = place.Block;
        if (count == 1)
        {
            bits[block >> 6] |= 1UL << (block & 63);
            return;
        }

        for (var end = block + count; block < end;)
        {
            var (from, length) = (block & 63, Math.Min(64 - (block & 63), end - block));
            bits[block >> 6] |= (ulong.MaxValue >> (64 - length)) << from;
            block += length;
        }
    }

    public long CountBlocks() => _segments.Values.Sum(bits => (long)BlockSet.CountOf(bits));

    public bool IsEmpty(long segment) => !_segments.ContainsKey(segment);

    public bool Contains(long segment, int block) => _segments.TryGetValue(segment, out var bits) && (bits[block >> 6] & (1UL << (block & 63))) != 0;

    /// <summary>One bit for each block of a segment, the lowest first; empty when nothing in it is live.</summary>
    public ReadOnlySpan<ulong> BitsOf(long segment) => _segments.GetValueOrDefault(segment);

    private ulong[] Of(long segment)
    {
        if (segment != _lastSegment)
        {
            ref var bits = ref CollectionsMarshal.GetValueRefOrAddDefault(_segments, segment, out _);
            (_lastSegment, _last) = (segment, bits ??= new ulong[(segmentBlocks + 63) / 64]);
        }

        return _last;
    }
}
