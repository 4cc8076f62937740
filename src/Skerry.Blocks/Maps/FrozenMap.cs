namespace Skerry.Blocks.Maps;

/// <summary>What a map said at one instant, for a checkpoint that is being saved beside the writer.</summary>
internal sealed class FrozenMap(InnerNode root, long dataBlocks, MapOwner? owner, int era)
{
    public InnerNode Root { get; } = root;

    public long DataBlocks { get; } = dataBlocks;

    /// <summary>A map that is never changed again, such as a snapshot's.</summary>
    public static FrozenMap Of(BlockMap map) => new(map.Root, map.DataBlocks, null, 0);

    /// <summary>Lets the writer change the nodes in place again. They must not be looked at after that.</summary>
    public void Release() => owner?.Release(era);
}
