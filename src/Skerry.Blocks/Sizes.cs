namespace Skerry.Blocks;

/// <summary>Bytes and the 4 KiB blocks that hold them.</summary>
internal static class Sizes
{
    public const int Block = IBlockDevice.BlockSize;

    public static long BlocksFor(long bytes) => (bytes / Block) + (bytes % Block == 0 ? 0 : 1);
}
