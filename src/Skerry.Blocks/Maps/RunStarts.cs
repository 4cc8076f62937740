using System.Numerics;

namespace Skerry.Blocks.Maps;

/// <summary>At which of a leaf's 128 blocks a run begins; always at the first.</summary>
internal readonly record struct RunStarts(ulong Low, ulong High)
{
    private const int Half = 64;

    public int Count => BitOperations.PopCount(Low) + BitOperations.PopCount(High);

    /// <summary>Which run a block is in, from 0.</summary>
    public int Rank(int block) => block < Half
        ? BitOperations.PopCount(Low & UpTo(block)) - 1
        : BitOperations.PopCount(Low) + BitOperations.PopCount(High & UpTo(block - Half)) - 1;

    /// <summary>Where the run of a block begins.</summary>
    public int StartOf(int block)
    {
        var high = block < Half ? 0 : High & UpTo(block - Half);
        return high != 0
            ? (2 * Half) - 1 - BitOperations.LeadingZeroCount(high)
            : Half - 1 - BitOperations.LeadingZeroCount(block < Half ? Low & UpTo(block) : Low);
    }

    /// <summary>Where the run of a block ends.</summary>
    public int EndOf(int block)
    {
        if (block < Half && (Low & ~UpTo(block)) is var low && low != 0)
        {
            return BitOperations.TrailingZeroCount(low);
        }

        // The count of trailing zeroes of none is 64: then the run ends with the leaf.
        return Half + BitOperations.TrailingZeroCount(block < Half ? High : High & ~UpTo(block - Half));
    }

    public RunStarts With(int block) => block < Half ? this with { Low = Low | (1UL << block) } : this with { High = High | (1UL << (block - Half)) };

    /// <summary>With no run that begins from <paramref name="from"/> up to <paramref name="to"/>.</summary>
    public RunStarts Without(int from, int to) => new(
        Low & ~Between(Math.Min(from, Half), Math.Min(to, Half)), High & ~Between(Math.Max(from, Half) - Half, Math.Max(to, Half) - Half));

    private static ulong UpTo(int bit) => ulong.MaxValue >> (Half - 1 - bit);

    private static ulong Between(int from, int to) => from >= to ? 0 : UpTo(to - 1) & ~(UpTo(from) >> 1);
}
