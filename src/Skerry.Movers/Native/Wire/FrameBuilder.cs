using System.Buffers;
using System.Buffers.Binary;

namespace Skerry.Movers.Native.Wire;

/// <summary>Builds one frame in a pooled buffer; little-endian throughout.</summary>
internal sealed class FrameBuilder : IDisposable
{
    private byte[] _buffer;
    private int _length;

    public FrameBuilder(FrameKind kind, int expectedBytes = 1024)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(16, expectedBytes + 1));
        _buffer[0] = (byte)kind;
        _length = 1;
    }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public int LengthBytes => _length;

    public FrameBuilder Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)).Span, value);
        return this;
    }

    public FrameBuilder Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)).Span, value);
        return this;
    }

    public FrameBuilder Byte(byte value)
    {
        Take(1).Span[0] = value;
        return this;
    }

    public FrameBuilder Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length).Span);
        return this;
    }

    /// <summary>Room for the caller to fill before it adds anything else.</summary>
    public Memory<byte> Take(int lengthBytes)
    {
        if (_buffer.Length - _length < lengthBytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + lengthBytes));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var room = _buffer.AsMemory(_length, lengthBytes);
        _length += lengthBytes;
        return room;
    }

    /// <summary>Gives up the room after so many bytes, kind included.</summary>
    public void Trim(int lengthBytes) => _length = Math.Min(_length, lengthBytes);

    /// <summary>Puts the checksum of everything after <paramref name="at"/> + 4 into the four bytes at <paramref name="at"/>.</summary>
    public void SealChecksum(int at) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(at), Checksum.Of(_buffer.AsSpan(at + sizeof(uint), _length - at - sizeof(uint))));

    public void Dispose() => ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, []));
}

/// <summary>Reads a frame's payload; running out of bytes is the peer's fault and is told as such.</summary>
internal ref struct FrameReader(ReadOnlyMemory<byte> payload)
{
    private readonly ReadOnlyMemory<byte> _payload = payload;
    private int _at;

    public readonly int Remaining => _payload.Length - _at;

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)).Span);

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)).Span);

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)).Span);

    public byte Byte() => Take(1).Span[0];

    public ReadOnlyMemory<byte> Rest() => Take(Remaining);

    public ReadOnlyMemory<byte> Take(int lengthBytes)
    {
        if (lengthBytes < 0 || lengthBytes > Remaining)
        {
            throw new MoverProtocolException("The peer sent a frame that is cut short.");
        }

        var taken = _payload.Slice(_at, lengthBytes);
        _at += lengthBytes;
        return taken;
    }

    /// <summary>Reads the checksum and holds the rest of the frame against it.</summary>
    public void CheckRest()
    {
        var expected = UInt32();
        if (Checksum.Of(_payload.Span[_at..]) != expected)
        {
            throw new MoverProtocolException("A frame does not match its checksum; it was damaged on the way.");
        }
    }
}
