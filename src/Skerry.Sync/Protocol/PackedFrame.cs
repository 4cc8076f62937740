using System.IO.Compression;

namespace Skerry.Sync.Protocol;

/// <summary>
/// A frame made shorter: its type, the length of the frame that it stands for, and that frame in Brotli (RFC 7932). For batches and
/// pieces of snapshots only; a packed frame never holds another.
/// </summary>
/// <remarks>Brotli because the base library has it, and its built-in words suit small pieces of JSON.</remarks>
internal static class PackedFrame
{
    public const byte Type = 15;

    /// <summary>Shorter frames gain less than their handling costs.</summary>
    private const int LeastBytes = 400;

    /// <summary>The longest frame that one may stand for: it bounds what a peer can make this end hold.</summary>
    private const int MostBytes = 5 << 20;

    // The quickest that still looks for repetitions; measured by `make bench NAME=sync`.
    private const int Quality = 1;
    private const int WindowBits = 20;

    /// <summary>Null when it would not be shorter by at least an eighth.</summary>
    public static ReadOnlyMemory<byte>? TryPack(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length is < LeastBytes or > MostBytes)
        {
            return null;
        }

        var packed = new byte[frame.Length - (frame.Length / 8)];
        var head = new WireWriter(8);
        head.Byte(Type);
        head.Varint(frame.Length);
        head.Written.CopyTo(packed);
        var start = head.Written.Length;
        if (!BrotliEncoder.TryCompress(frame.Span, packed.AsSpan(start), out var length, Quality, WindowBits))
        {
            // Not in one expression: beside a Memory, null would become an empty one.
            return null;
        }

        return packed.AsMemory(0, start + length);
    }

    /// <exception cref="ProtocolException">It is damaged, or stands for something that cannot be.</exception>
    public static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> packed)
    {
        var reader = new WireReader(packed[1..], "packed");
        var length = reader.Length(MostBytes);
        var frame = new byte[length];
        if (!BrotliDecoder.TryDecompress(reader.Rest().Span, frame, out var filled) || filled != length)
        {
            throw reader.Fault("it does not unpack to the length that it names");
        }

        return frame.Length > 0 && frame[0] is FrameCodec.BatchType or FrameCodec.SnapshotPieceType
            ? frame
            : throw reader.Fault("it holds neither a batch nor a piece of a snapshot");
    }
}
