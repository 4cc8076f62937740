using System.Numerics;
using System.Runtime.CompilerServices;

namespace Skerry.Blocks.Maps;

/// <summary>
/// How a packed leaf writes places and numbers down. Narrow: a run is one word, the place in its upper half and the number in its
/// lower, each as the distance from what is lowest in the leaf. Wide, where a distance does not fit: two words, as they are.
/// </summary>
/// <param name="BaseSegment">The lowest segment.</param>
/// <param name="BaseNumber">The lowest number.</param>
/// <param name="Shift">A narrow place is (segment - base) &lt;&lt; shift | block.</param>
/// <param name="Words">Per run: 1 is narrow, 2 is wide.</param>
internal readonly record struct LeafScale(long BaseSegment, long BaseNumber, byte Shift, byte Words)
{
    /// <summary>Blocks of a segment of 64 MiB: with it, a leaf's places may be 16 TiB of log apart.</summary>
    private const int SmallestShift = 14;

    private const int HalfBits = 32;

    /// <summary>Of a narrow place: the values below stand for themselves.</summary>
    private const uint FirstPlace = 3;

    public static LeafScale Wide => new(0, 0, 0, 2);

    /// <summary>Narrow if it can be.</summary>
    public static LeafScale For(ReadOnlySpan<LeafRun> runs)
    {
        var (lowest, highest, block) = (long.MaxValue, 0L, 0);
        var (lowestNumber, highestNumber) = (long.MaxValue, 0L);
        for (var i = 0; i < runs.Length; i++)
        {
            ref readonly var run = ref runs[i];
            if (run.Place.IsData)
            {
                var blocks = (i + 1 < runs.Length ? runs[i + 1].First : MapNode.Fanout) - run.First;
                (lowest, highest) = (Math.Min(lowest, run.Place.Segment), Math.Max(highest, run.Place.Segment));
                block = Math.Max(block, run.Place.Block + blocks - 1);
            }

            if (run.Number != 0)
            {
                (lowestNumber, highestNumber) = (Math.Min(lowestNumber, run.Number), Math.Max(highestNumber, run.Number));
            }
        }

        var shift = Math.Max(SmallestShift, HalfBits - BitOperations.LeadingZeroCount((uint)block));
        lowest = Math.Min(lowest, highest);
        lowestNumber = Math.Min(lowestNumber, highestNumber);

        // The highest segment's last block must fit, with room for the values that stand for themselves.
        return highest - lowest + 1 < 1L << (HalfBits - shift) && highestNumber - lowestNumber < uint.MaxValue
            ? new LeafScale(lowest, lowestNumber, (byte)shift, 1)
            : Wide;
    }

    /// <summary>The word, or two, for a run; false when it does not fit this scale.</summary>
    public bool TryPack(Place place, long number, int blocks, out ulong word, out ulong second)
    {
        if (Words == 2)
        {
            (word, second) = (place.Value, (ulong)number);
            return true;
        }

        (word, second) = (0, 0);
        var code = place.Value;
        if (place.IsData)
        {
            var distance = place.Segment - BaseSegment;
            if (distance < 0 || distance + 1 >= 1L << (HalfBits - Shift) || place.Block + blocks > 1 << Shift)
            {
                return false;
            }

            code = (((ulong)distance << Shift) | (uint)place.Block) + FirstPlace;
        }

        var above = number == 0 ? 0 : number - BaseNumber + 1;
        if (above is < 0 or > uint.MaxValue || (above == 0 && number != 0))
        {
            return false;
        }

        word = (code << HalfBits) | (ulong)above;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MapEntry Unpack(ulong word, ulong second) =>
        Words == 2 ? new MapEntry(new Place(word), (long)second) : new MapEntry(PlaceOf(word), NumberOf(word));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Place PlaceOf(ulong word)
    {
        var code = (uint)(word >> HalfBits);
        if (code < FirstPlace)
        {
            return new Place(code);
        }

        code -= FirstPlace;
        return Place.At(BaseSegment + (code >> Shift), (int)(code & ((1u << Shift) - 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long NumberOf(ulong word) => (uint)(word & uint.MaxValue) is var above && above == 0 ? 0 : BaseNumber + above - 1;
}
