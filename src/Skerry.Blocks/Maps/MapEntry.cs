namespace Skerry.Blocks.Maps;

/// <summary>Where one 4 KiB block is stored, and the write that put it there.</summary>
/// <param name="Place">A place in the log, or one of the two kinds of zeroes.</param>
/// <param name="Number">The write number that the content is from; an upper bound is allowed, since it only widens differences.</param>
internal readonly record struct MapEntry(Place Place, long Number);

/// <summary>A segment and a block in it, as one number that orders by both; the two lowest values stand for zeroes.</summary>
internal readonly record struct Place(ulong Value)
{
    private const int BlockBits = 24;

    /// <summary>Nothing is stored; reads give zeroes.</summary>
    public static Place Hole => default;

    /// <summary>Zeroes that count as allocated.</summary>
    public static Place Zeroes => new(1);

    public bool IsData => Value > 1;

    public long Segment => (long)(Value >> BlockBits);

    public int Block => (int)(Value & ((1 << BlockBits) - 1));

    public static Place At(long segment, int block) => new(((ulong)segment << BlockBits) | (uint)block);

    public Place Next(int blocks) => new(Value + (uint)blocks);
}
