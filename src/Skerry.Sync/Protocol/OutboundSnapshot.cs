namespace Skerry.Sync.Protocol;

/// <summary>
/// One transfer of a snapshot over one connection. It reads the encoding as it goes, so it costs a chunk of memory, and keeps the
/// same window as the log.
/// </summary>
internal sealed class OutboundSnapshot : IDisposable
{
    private readonly OutgoingSnapshot _outgoing;
    private readonly SyncOptions _options;
    private readonly IEnumerator<ReadOnlyMemory<byte>> _chunks;
    private readonly Queue<int> _unacknowledged = [];
    private readonly long _from;
    private ReadOnlyMemory<byte> _rest;
    private long _index;
    private long _acknowledged;
    private int _unacknowledgedBytes;
    private bool _isOffered;
    private bool _hasNext;

    /// <param name="outgoing">What is sent.</param>
    /// <param name="from">Chunks that the peer has.</param>
    /// <param name="options">Sizes.</param>
    public OutboundSnapshot(OutgoingSnapshot outgoing, long from, SyncOptions options)
    {
        _outgoing = outgoing;
        _options = options;
        _chunks = outgoing.Snapshot.Encode(options.BatchBytes).GetEnumerator();
        _hasNext = _chunks.MoveNext();
        for (; _from < from && _hasNext; _from++)
        {
            _hasNext = _chunks.MoveNext();
        }

        // A peer that has more than there is has it of something else: all of it again.
        if (_from < from || !_hasNext)
        {
            _chunks.Dispose();
            _chunks = outgoing.Snapshot.Encode(options.BatchBytes).GetEnumerator();
            _hasNext = _chunks.MoveNext();
            _from = 0;
        }

        _index = _acknowledged = _from;
        _rest = _chunks.Current;
    }

    public OutgoingSnapshot Outgoing => _outgoing;

    /// <summary>The last piece went out.</summary>
    public bool IsSent => !_hasNext;

    /// <summary>Null when the window is full, or all was sent.</summary>
    public Frame? Next()
    {
        if (!_isOffered)
        {
            _isOffered = true;
            return new SnapshotOffer(_outgoing.Id, _from);
        }

        if (!_hasNext || _unacknowledgedBytes >= _options.WindowBytes)
        {
            return null;
        }

        var bytes = _rest[..Math.Min(_rest.Length, _options.PieceBytes)];
        var index = _index;
        _rest = _rest[bytes.Length..];
        var endsChunk = _rest.IsEmpty;
        if (endsChunk)
        {
            _unacknowledged.Enqueue(_chunks.Current.Length);
            _unacknowledgedBytes += _chunks.Current.Length;
            _index++;
            _hasNext = _chunks.MoveNext();
            _rest = _hasNext ? _chunks.Current : default;
        }

        return new SnapshotPiece(_outgoing.Id, index, endsChunk, endsChunk && !_hasNext, bytes);
    }

    public void Acknowledged(long chunks)
    {
        if (chunks > _index)
        {
            throw new ProtocolException(
                ByeCode.Malformed, $"{chunks} chunks of a snapshot were acknowledged, but only {_index} were sent.");
        }

        for (; _acknowledged < chunks; _acknowledged++)
        {
            _unacknowledgedBytes -= _unacknowledged.Dequeue();
        }
    }

    public void Dispose() => _chunks.Dispose();
}
