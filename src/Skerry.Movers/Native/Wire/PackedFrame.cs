using System.Buffers;

namespace Skerry.Movers.Native.Wire;

/// <summary>
/// A frame of blocks that zstd made shorter: the kind and the checksum of the frame it stands for, the length of what followed that
/// checksum there, and what was made of it. So the checksum proves packing and unpacking too.
/// </summary>
internal static class PackedFrame
{
    /// <summary>The longest frame that one may stand for: it bounds what a peer can make this side hold.</summary>
    public const int MaxLengthBytes = 34 << 20;

    private const int SumBytes = 4;

    /// <returns>Null when it would not be shorter by at least an eighth.</returns>
    public static FrameBuilder? TryBuild(Zstd zstd, FrameKind kind, ReadOnlySpan<byte> payload, int level)
    {
        var content = payload[SumBytes..];
        var frame = new FrameBuilder(FrameKind.Packed, 1 + SumBytes + 4 + content.Length);
        frame.Byte((byte)kind).Bytes(payload[..SumBytes]).Int32(content.Length);
        var headBytes = frame.LengthBytes;
        var length = zstd.Pack(content, frame.Take(content.Length - (content.Length / 8)).Span, level);
        if (length == 0)
        {
            frame.Dispose();
            return null;
        }

        frame.Trim(headBytes + length);
        return frame;
    }

    /// <summary>The frame that it stands for, not yet held against its checksum, in a buffer that goes back to the shared pool.</summary>
    public static (Frame Frame, byte[] Buffer) Unpack(Zstd zstd, Frame packed)
    {
        var reader = new FrameReader(packed.Payload);
        var kind = (FrameKind)reader.Byte();
        var sum = reader.Take(SumBytes);
        var length = reader.Int32();
        if (kind is not (FrameKind.Blocks or FrameKind.Extents) || length is <= 0 or > MaxLengthBytes)
        {
            throw new MoverProtocolException($"A packed frame stands for one of kind {(byte)kind} with {length} bytes, which cannot be.");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(SumBytes + length);
        sum.CopyTo(buffer);
        if (zstd.TryUnpack(reader.Rest().Span, buffer.AsSpan(SumBytes, length)))
        {
            return (new Frame(kind, buffer.AsMemory(0, SumBytes + length)), buffer);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        throw new MoverProtocolException("A packed frame cannot be unpacked; it was damaged on the way.");
    }
}
