namespace Skerry.Blocks.Maps;

/// <summary>
/// A stretch that one write made: zeroes, of any level; or the 128 blocks of a leaf that lie one behind the other in the log. With its
/// reference 40 bytes.
/// </summary>
internal sealed class ExtentNode : MapNode
{
    public ExtentNode(Place place, long number)
    {
        Place = place;
        MaxNumber = number;
    }

    /// <summary>Of the first block.</summary>
    public Place Place { get; }

    public MapEntry At(int block) => new(Place.Behind(block), MaxNumber);
}
