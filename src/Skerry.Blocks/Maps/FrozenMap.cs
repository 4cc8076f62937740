namespace Skerry.Blocks.Maps;

/// <summary>What a map said at one instant, for a checkpoint or a survey beside the writer.</summary>
/// <param name="owner">Was frozen for this; null where nothing is ever changed.</param>
internal sealed class FrozenMap(InnerNode root, long dataBlocks, MapOwner? owner)
{
    private MapOwner? _owner = owner;

    public InnerNode Root { get; } = root;

    public long DataBlocks { get; } = dataBlocks;

    /// <summary>A map that is never changed again, such as a snapshot's.</summary>
    public static FrozenMap Of(BlockMap map) => new(map.Root, map.DataBlocks, null);

    /// <summary>Lets the writer change the nodes in place again. They must not be looked at after that.</summary>
    public void Release() => Interlocked.Exchange(ref _owner, null)?.Release();
}
