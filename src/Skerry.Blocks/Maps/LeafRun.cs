namespace Skerry.Blocks.Maps;

/// <summary>Blocks of a leaf from <paramref name="First"/> on, up to the next run, that one write put one behind the other.</summary>
internal readonly record struct LeafRun(int First, Place Place, long Number)
{
    public MapEntry At(int block) => new(Place.Behind(block - First), Number);
}
