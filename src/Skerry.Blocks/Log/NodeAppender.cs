namespace Skerry.Blocks.Log;

/// <summary>Appends nodes to map files, through a buffer, and makes them durable at the end.</summary>
internal sealed class NodeAppender : IDisposable
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Then a new file is begun.</summary>
    private const long FullBytes = 256L << 20;

    private readonly IBackingStorage _storage;
    private readonly ulong _storeId;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private IBackingFile? _file;
    private long _offset;
    private int _buffered;

    public NodeAppender(IBackingStorage storage, ulong storeId, long current, long endBytes)
    {
        (_storage, _storeId, Current, _offset) = (storage, storeId, current, endBytes);
        _file = endBytes > 0 ? storage.Open(MapFile.NameOf(current)) : null;
    }

    public long Current { get; private set; }

    public long EndBytes => _offset + _buffered;

    public long AppendedBytes { get; private set; }

    /// <summary>Room for a node of this length, and the address that it gets: to be filled before the next one is asked for.</summary>
    public Span<byte> Add(int lengthBytes, out ulong address)
    {
        if (_file is null || EndBytes >= FullBytes)
        {
            BeginFile();
        }

        if (_buffered + lengthBytes > BufferBytes)
        {
            Flush();
        }

        address = MapFile.AddressOf(Current, EndBytes);
        var room = _buffer.AsSpan(_buffered, lengthBytes);
        _buffered += lengthBytes;
        AppendedBytes += lengthBytes;
        return room;
    }

    public void Finish()
    {
        if (_file is not null)
        {
            Flush();
            _file.Sync();
            _storage.SyncNames();
        }
    }

    public void Dispose() => _file?.Dispose();

    private void BeginFile()
    {
        if (_file is not null)
        {
            Flush();
            _file.Sync();
            _file.Dispose();
        }

        Current++;
        _file = _storage.Create(MapFile.NameOf(Current), 0);
        MapFile.Header(_storeId, Current).CopyTo(_buffer, 0);
        (_offset, _buffered) = (0, MapFile.HeaderBytes);
    }

    private void Flush()
    {
        _file!.Write(_offset, _buffer.AsMemory(0, _buffered));
        _offset += _buffered;
        _buffered = 0;
    }
}
