using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Skerry.Blocks.Nbd;

/// <summary>The bytes of replies. Each method writes to the start of the span and needs the room that its doc states.</summary>
internal static class Reply
{
    private const ushort DoneFlag = 1;

    /// <summary><see cref="Protocol.SimpleReplyBytes"/>.</summary>
    public static void WriteSimple(Span<byte> to, ulong cookie, NbdError error)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, Protocol.SimpleReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], (uint)error);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], cookie);
    }

    /// <summary><see cref="Protocol.ChunkHeaderBytes"/>; the payload follows.</summary>
    public static void WriteChunkHeader(Span<byte> to, ulong cookie, ChunkKind kind, bool isLast, int payloadBytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, Protocol.StructuredReplyMagic);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], isLast ? DoneFlag : (ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(to[6..], (ushort)kind);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], cookie);
        BinaryPrimitives.WriteUInt32BigEndian(to[16..], (uint)payloadBytes);
    }

    /// <summary><see cref="Protocol.DataChunkHeaderBytes"/>; the data follows.</summary>
    public static void WriteDataHeader(Span<byte> to, ulong cookie, bool isLast, long offsetBytes, int dataBytes)
    {
        WriteChunkHeader(to, cookie, ChunkKind.OffsetData, isLast, dataBytes + 8);
        BinaryPrimitives.WriteInt64BigEndian(to[Protocol.ChunkHeaderBytes..], offsetBytes);
    }

    /// <summary><see cref="Protocol.HoleChunkBytes"/>, the whole chunk.</summary>
    public static void WriteHole(Span<byte> to, ulong cookie, bool isLast, long offsetBytes, int holeBytes)
    {
        WriteChunkHeader(to, cookie, ChunkKind.OffsetHole, isLast, 12);
        BinaryPrimitives.WriteInt64BigEndian(to[Protocol.ChunkHeaderBytes..], offsetBytes);
        BinaryPrimitives.WriteUInt32BigEndian(to[(Protocol.ChunkHeaderBytes + 8)..], (uint)holeBytes);
    }

    /// <summary>An error as the client can take it: with its message where structured replies were agreed.</summary>
    public static byte[] Error(ulong cookie, Refusal refusal, bool structured)
    {
        if (!structured)
        {
            byte[] simple = new byte[Protocol.SimpleReplyBytes];
            WriteSimple(simple, cookie, refusal.Error);
            return simple;
        }

        int messageBytes = Encoding.UTF8.GetByteCount(refusal.Message);
        byte[] chunk = new byte[Protocol.ChunkHeaderBytes + 6 + messageBytes];
        WriteChunkHeader(chunk, cookie, ChunkKind.Error, isLast: true, 6 + messageBytes);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(Protocol.ChunkHeaderBytes), (uint)refusal.Error);
        BinaryPrimitives.WriteUInt16BigEndian(chunk.AsSpan(Protocol.ChunkHeaderBytes + 4), (ushort)messageBytes);
        Utf8.FromUtf16(refusal.Message, chunk.AsSpan(Protocol.ChunkHeaderBytes + 6), out _, out _);
        return chunk;
    }
}
