using Skerry.Blocks;

namespace Skerry.Movers.Native.Wire;

/// <summary>The answer to a fetch: for each block that was asked for a byte, 1 with its content behind it, or 0 when it is not here.</summary>
internal static class FoundFrame
{
    /// <summary>Blocks in one frame: 1 MiB.</summary>
    public const int MaxBlocks = 256;

    public static FrameBuilder Build(IReadOnlyList<byte[]?> blocks)
    {
        var frame = new FrameBuilder(FrameKind.Found, 8 + (blocks.Count * (IBlockDevice.BlockSize + 1)));
        frame.Int32(0).Int32(blocks.Count);
        foreach (var block in blocks)
        {
            frame.Byte(block is null ? (byte)0 : (byte)1).Bytes(block);
        }

        frame.SealChecksum(1);
        return frame;
    }

    public static byte[]?[] Read(Frame frame, int asked)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        if (reader.Int32() != asked)
        {
            throw new MoverProtocolException("The peer answered for another number of blocks than were asked for.");
        }

        var blocks = new byte[]?[asked];
        for (var i = 0; i < asked; i++)
        {
            blocks[i] = reader.Byte() == 0 ? null : reader.Take(IBlockDevice.BlockSize).ToArray();
        }

        return blocks;
    }
}
