namespace Skerry.Blocks.Maps;

/// <summary>
/// A leaf of two runs, as writes of 256 KiB leave it, or a write that ends within it: 48 bytes with its reference. Of the two, one
/// carries the node's highest number and the other one that lies less than 2^16 - 1 below, or none.
/// </summary>
internal sealed class PairNode : MapNode
{
    public const int Runs = 2;
    private const int PlaceBits = 48;
    private const ulong PlaceMask = (1UL << PlaceBits) - 1;
    private const int NoNumber = ushort.MaxValue;

    /// <summary>The first place, the block where the second run begins, and in the top bit whether the second run's number is the lower one.</summary>
    private readonly ulong _first;

    /// <summary>The second place, and how far the lower number is below the higher one.</summary>
    private readonly ulong _second;

    private PairNode(ulong first, ulong second, long maxNumber)
    {
        (_first, _second) = (first, second);
        MaxNumber = maxNumber;
    }

    /// <summary>The block where the second run begins.</summary>
    public int Split => (int)((_first >> PlaceBits) & (MapNode.Fanout - 1));

    public LeafRun First => new(0, new Place(_first & PlaceMask), SecondIsLower ? MaxNumber : Lower);

    public LeafRun Second => new(Split, new Place(_second & PlaceMask), SecondIsLower ? Lower : MaxNumber);

    private bool SecondIsLower => _first >> 63 != 0;

    private long Lower => (int)(_second >> PlaceBits) is var below && below == NoNumber ? 0 : MaxNumber - below;

    public MapEntry At(int block) => (block < Split ? First : Second).At(block);

    public static PairNode? TryMake(LeafRun first, LeafRun second)
    {
        var secondIsLower = second.Number < first.Number;
        var (lower, higher) = secondIsLower ? (second.Number, first.Number) : (first.Number, second.Number);
        var below = lower == 0 ? NoNumber : higher - lower;
        if ((first.Place.Value | second.Place.Value) > PlaceMask || (lower != 0 && below >= NoNumber))
        {
            return null;
        }

        return new PairNode(
            first.Place.Value | ((ulong)second.First << PlaceBits) | (secondIsLower ? 1UL << 63 : 0),
            second.Place.Value | ((ulong)below << PlaceBits),
            higher);
    }
}
