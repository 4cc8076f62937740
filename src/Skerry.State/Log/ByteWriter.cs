using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Skerry.State.Log;

/// <summary>The one way in which State writes bytes: little-endian, LEB128 varints, length-prefixed UTF-8.</summary>
internal sealed class ByteWriter(int capacityBytes = 256)
{
    private const int LongestVarintBytes = 10;

    private byte[] _buffer = new byte[capacityBytes];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void WriteByte(byte value) => Room(1)[Length++] = value;

    public void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8).AsSpan(Length), value);
        Length += 8;
    }

    public void WriteVarint(ulong value)
    {
        var buffer = Room(LongestVarintBytes);
        while (value >= 0x80)
        {
            buffer[Length++] = (byte)((value & 0x7F) | 0x80);
            value >>= 7;
        }

        buffer[Length++] = (byte)value;
    }

    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length).AsSpan(Length));
        Length += bytes.Length;
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((ulong)bytes.Length);
        WriteRaw(bytes);
    }

    public void WriteString(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteVarint((ulong)length);
        Length += Encoding.UTF8.GetBytes(text, Room(length).AsSpan(Length));
    }

    /// <summary>Closes the record with the CRC-32C of everything written so far.</summary>
    public void WriteChecksum()
    {
        var checksum = Checksum(Written);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4).AsSpan(Length), checksum);
        Length += 4;
    }

    public void Clear() => Length = 0;

    public byte[] ToArray() => Written.ToArray();

    /// <summary>What was written, without a copy: the writer is not to be used any more.</summary>
    public ReadOnlyMemory<byte> TakeWritten() => _buffer.AsMemory(0, Length);

    /// <summary>CRC-32C (Castagnoli), as RFC 3720 has it.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The buffer, with room for so many bytes more.</summary>
    private byte[] Room(int bytes)
    {
        if (_buffer.Length - Length < bytes) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + bytes));
        return _buffer;
    }
}
