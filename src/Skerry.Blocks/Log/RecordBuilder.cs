namespace Skerry.Blocks.Log;

/// <summary>
/// Puts a record's bytes together: small ones in one buffer and one write, large ones from where the callers keep them.
/// </summary>
internal sealed class RecordBuilder(int stagedBytes)
{
    private readonly List<ReadOnlyMemory<byte>> _data = [];
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private byte[] _staging = new byte[stagedBytes];
    private int _headerBytes;
    private int _entriesEnd;
    private int _dataBytes;

    public void Begin(int headerBlocks)
    {
        _headerBytes = headerBlocks * Sizes.Block;
        if (_headerBytes > _staging.Length)
        {
            _staging = new byte[_headerBytes];
        }

        _staging.AsSpan(0, _headerBytes).Clear();
        _entriesEnd = RecordHeader.Bytes;
        _dataBytes = 0;
        _data.Clear();
    }

    public void Add(WriteRequest write)
    {
        for (var i = 0; i < write.PieceCount; i++)
        {
            var piece = write.PieceAt(i);
            _entriesEnd += EntryCodec.Write(_staging.AsSpan(_entriesEnd), write, piece);
            if (piece.IsData)
            {
                _data.Add(piece.Bytes);
                _dataBytes += piece.Bytes.Length;
            }
        }
    }

    public void Add(byte[] change) => _entriesEnd += EntryCodec.Write(_staging.AsSpan(_entriesEnd), change);

    /// <param name="file">The segment's.</param>
    /// <param name="header">The record's.</param>
    /// <param name="isReadSoon">False when a large record need not stay in memory.</param>
    public void WriteTo(IBackingFile file, RecordHeader header, bool isReadSoon)
    {
        header.Seal(_staging.AsSpan(0, _headerBytes));
        var offset = (long)header.Block * Sizes.Block;
        if (_headerBytes + _dataBytes <= _staging.Length)
        {
            var end = _headerBytes;
            foreach (var data in _data)
            {
                data.Span.CopyTo(_staging.AsSpan(end));
                end += data.Length;
            }

            file.Write(offset, _staging.AsMemory(0, end));
        }
        else
        {
            _parts.Clear();
            _parts.Add(_staging.AsMemory(0, _headerBytes));
            _parts.AddRange(_data);
            if (isReadSoon)
            {
                file.Write(offset, _parts);
            }
            else
            {
                file.WritePast(offset, _parts);
            }

            _parts.Clear();
        }

        _data.Clear();
    }
}
