using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Skerry.Sync.Protocol;

/// <summary>Writes a frame: little-endian, LEB128 varints, length-prefixed UTF-8.</summary>
internal sealed class WireWriter(int sizeHint = 256)
{
    private readonly ArrayBufferWriter<byte> _buffer = new(sizeHint);

    public void Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Varint(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var span = _buffer.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)((value & 0x7F) | 0x80);
        }

        span[length++] = (byte)value;
        _buffer.Advance(length);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint(bytes.Length);
        Raw(bytes);
    }

    public void Text(string text)
    {
        Varint(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, _buffer);
    }

    public void Id(Guid id)
    {
        id.TryWriteBytes(_buffer.GetSpan(16), bigEndian: true, out _);
        _buffer.Advance(16);
    }

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;
}
