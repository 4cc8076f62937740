using System.Security.Cryptography;
using Skerry.Blocks;

namespace Skerry.Movers.Native.Wire;

/// <summary>
/// Digests of blocks that may differ: ranges of whole blocks (the disk's last one may be short), then one SHA-256 for each block in
/// their order. The answer is a bitmap in the same order, a set bit for a block that differs.
/// </summary>
internal static class DigestsFrame
{
    /// <summary>Blocks in one frame: 4 MiB of disk for 32 KiB of digests.</summary>
    public const int MaxBlocks = 1024;

    public static FrameBuilder Build(IReadOnlyList<ByteRange> ranges, ReadOnlySpan<byte> digests)
    {
        var frame = new FrameBuilder(FrameKind.Digests, 8 + (ranges.Count * 16) + digests.Length);
        frame.Int32(0).Int32(ranges.Count);
        foreach (var range in ranges)
        {
            frame.Int64(range.OffsetBytes).Int64(range.LengthBytes);
        }

        frame.Bytes(digests);
        frame.SealChecksum(1);
        return frame;
    }

    public static (IReadOnlyList<ByteRange> Ranges, ReadOnlyMemory<byte> Digests) Read(Frame frame)
    {
        var reader = new FrameReader(frame.Payload);
        reader.CheckRest();
        var count = reader.Int32();
        if (count is < 0 or > MaxBlocks)
        {
            throw new MoverProtocolException("A frame of digests names too many ranges.");
        }

        var ranges = new ByteRange[count];
        long blocks = 0;
        for (var i = 0; i < count; i++)
        {
            ranges[i] = new ByteRange(reader.Int64(), reader.Int64(), false);
            if (ranges[i].OffsetBytes < 0 || ranges[i].LengthBytes is <= 0 or > MaxBlocks * IBlockDevice.BlockSize)
            {
                throw new MoverProtocolException("A frame of digests names a range that cannot be.");
            }

            blocks += BlockCount(ranges[i]);
        }

        var digests = reader.Rest();
        return blocks <= MaxBlocks && digests.Length == blocks * SHA256.HashSizeInBytes
            ? (ranges, digests)
            : throw new MoverProtocolException("A frame of digests does not hold one for each block.");
    }

    public static int BlockCount(ByteRange range) =>
        (int)((range.LengthBytes + IBlockDevice.BlockSize - 1) / IBlockDevice.BlockSize);

    /// <summary>The blocks of the ranges, in order.</summary>
    public static IEnumerable<ByteRange> Blocks(IEnumerable<ByteRange> ranges) =>
        ranges.SelectMany(r => BlockRanges.Pieces([r with { IsHole = false }], IBlockDevice.BlockSize));
}
