using System.Buffers.Binary;

namespace Skerry.Blocks.Log;

/// <summary>
/// Bytes in numbered chunks, each with its checksum, of which the last says that it is: a part that is missing or damaged is always
/// noticed.
/// </summary>
internal sealed class CheckpointStream : Stream
{
    private const uint Magic = 0x434B_5953; // "SYKC"
    private const int HeaderBytes = 24, ChunkBytes = 1 << 20;
    private readonly IBackingFile _file;
    private readonly string _name;
    private readonly bool _writing;
    private readonly byte[] _buffer = new byte[HeaderBytes + ChunkBytes];
    private long _offset;
    private int _chunk, _at, _filled;
    private bool _last;

    public CheckpointStream(IBackingFile file, string name, bool writing) => (_file, _name, _writing) = (file, name, writing);

    public override bool CanRead => !_writing;

    public override bool CanSeek => false;

    public override bool CanWrite => _writing;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = Math.Min(buffer.Length, ChunkBytes - _at);
            buffer[..count].CopyTo(_buffer.AsSpan(HeaderBytes + _at));
            _at += count;
            buffer = buffer[count..];
            if (_at == ChunkBytes)
            {
                WriteChunk(last: false);
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_at == _filled)
        {
            if (_last)
            {
                return 0;
            }

            ReadChunk();
        }

        var count = Math.Min(buffer.Length, _filled - _at);
        _buffer.AsSpan(HeaderBytes + _at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Writes the last chunk and makes the whole durable.</summary>
    public void Finish()
    {
        WriteChunk(last: true);
        _file.Sync();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void WriteChunk(bool last)
    {
        var header = _buffer.AsSpan(0, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], _chunk++);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], _at);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], last ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32C.Of(_buffer.AsSpan(HeaderBytes, _at)));
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], Crc32C.Of(header[..20]));
        _file.Write(_offset, _buffer.AsMemory(0, HeaderBytes + _at));
        _offset += HeaderBytes + _at;
        _at = 0;
    }

    private void ReadChunk()
    {
        var header = _buffer.AsSpan(0, HeaderBytes);
        _file.Read(_offset, header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != Crc32C.Of(header[..20])
            || BinaryPrimitives.ReadInt32LittleEndian(header[4..]) != _chunk
            || length is < 0 or > ChunkBytes)
        {
            throw Damaged();
        }

        _file.Read(_offset + HeaderBytes, _buffer.AsSpan(HeaderBytes, length));
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[16..]) != Crc32C.Of(_buffer.AsSpan(HeaderBytes, length)))
        {
            throw Damaged();
        }

        _last = BinaryPrimitives.ReadInt32LittleEndian(header[12..]) == 1;
        (_at, _filled) = (0, length);
        _offset += HeaderBytes + length;
        _chunk++;
    }

    private BlockException Damaged() => new(
        BlockError.Corrupt, $"{_name} is damaged from byte {_offset} on: it does not match its checksum. Restore that file from a copy, or the volumes from their replicas");
}
