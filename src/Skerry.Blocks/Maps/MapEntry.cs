namespace Skerry.Blocks.Maps;

/// <summary>Where one 4 KiB block is stored, and the write that put it there.</summary>
/// <param name="Place">A place in the log, or one of the values that are none.</param>
/// <param name="Number">The write number that the content is from; an upper bound is allowed, since it only widens differences.</param>
internal readonly record struct MapEntry(Place Place, long Number);

/// <summary>
/// A segment and a block in it, as one number that orders by both. It is given when the record is logged and stays when the block is
/// moved. The lowest values stand for content that is stored nowhere; no segment has the number 0.
/// </summary>
internal readonly record struct Place(ulong Value)
{
    private const int BlockBits = 24;
    private const ulong HighestOther = 2;

    /// <summary>Nothing is stored; reads give zeroes.</summary>
    public static Place Hole => default;

    /// <summary>Zeroes that count as allocated.</summary>
    public static Place Zeroes => new(1);

    /// <summary>The part of the map that knew the place was damaged: an error to read, and healed by a write.</summary>
    public static Place Lost => new(HighestOther);

    public bool IsData => Value > HighestOther;

    public bool ReadsAsZeroes => Value <= Zeroes.Value;

    public long Segment => (long)(Value >> BlockBits);

    public int Block => (int)(Value & ((1 << BlockBits) - 1));

    public static Place At(long segment, int block) => new(((ulong)segment << BlockBits) | (uint)block);

    public Place Next(int blocks) => new(Value + (uint)blocks);

    /// <summary>The place of a block further on in the same run.</summary>
    public Place Behind(int blocks) => IsData ? Next(blocks) : this;
}
