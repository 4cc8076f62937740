using System.Buffers.Binary;

namespace Skerry.Blocks.Nbd;

/// <summary>The 28 bytes that begin every request of the transmission phase.</summary>
internal readonly record struct RequestHeader(CommandFlags Flags, Command Command, ulong Cookie, ulong OffsetBytes, uint LengthBytes)
{
    /// <summary>False when the magic is wrong: the stream is out of step, and nothing after it can be trusted.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out RequestHeader header)
    {
        header = new(
            (CommandFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            (Command)BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(bytes) == Protocol.RequestMagic;
    }
}
