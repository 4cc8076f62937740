using Skerry.Blocks;

namespace Skerry.Movers.Native.Wire;

/// <summary>Blocks of several places in one frame: for each its offset, its length and its content.</summary>
internal static class ExtentsFrame
{
    public static FrameBuilder Begin(int expectedBytes)
    {
        var frame = new FrameBuilder(FrameKind.Extents, expectedBytes + (expectedBytes / 64) + 64);
        return frame.Int32(0);
    }

    /// <summary>Room for the content, to be filled before the next one is added.</summary>
    public static Memory<byte> Add(FrameBuilder frame, long offsetBytes, int lengthBytes)
    {
        frame.Int64(offsetBytes).Int32(lengthBytes);
        return frame.Take(lengthBytes);
    }

    /// <summary>The content lies in the frame's own buffer. The checksum is held against it first.</summary>
    public static IReadOnlyList<BlockPut> Read(Frame frame)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var extents = new List<BlockPut>();
        while (reader.Remaining > 0)
        {
            var (offset, length) = (reader.Int64(), reader.Int32());
            if (offset < 0 || length <= 0 || offset % IBlockDevice.BlockSize != 0 || reader.Remaining < length)
            {
                throw new MoverProtocolException("A frame of extents names one that cannot be.");
            }

            extents.Add(new BlockPut(offset, reader.Take(length)));
        }

        return extents;
    }
}
