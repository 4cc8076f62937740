using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>What has arrived of one snapshot. Nothing of it is joined before it is whole.</summary>
internal sealed class InboundSnapshot(Guid id, long limitBytes)
{
    private readonly List<ReadOnlyMemory<byte>> _chunks = [];
    private readonly List<ReadOnlyMemory<byte>> _open = [];

    public Guid Id => id;

    /// <summary>Whole ones.</summary>
    public long Chunks => _chunks.Count;

    public long Bytes { get; private set; }

    /// <exception cref="ProtocolException">It is not the next piece, or one too many.</exception>
    public void Add(SnapshotPiece piece)
    {
        if (id != piece.Snapshot || _chunks.Count != piece.Index)
        {
            throw new ProtocolException(ByeCode.Malformed, $"A piece of chunk {piece.Index} came where chunk {_chunks.Count} was due.");
        }

        Bytes += piece.Bytes.Length;
        if (Bytes > limitBytes)
        {
            throw new ProtocolException(ByeCode.Malformed, $"A snapshot is larger than the limit of {limitBytes} bytes.");
        }

        _open.Add(piece.Bytes);
        if (piece.EndsChunk)
        {
            _chunks.Add(_open is [var only] ? only : Concat(_open));
            _open.Clear();
        }
    }

    /// <summary>A chunk that came in part comes again from its start.</summary>
    public void DropOpenChunk()
    {
        Bytes -= _open.Sum(p => (long)p.Length);
        _open.Clear();
    }

    /// <exception cref="ProtocolException">It is damaged.</exception>
    public StateSnapshot ToSnapshot()
    {
        try
        {
            return StateSnapshot.Decode(_chunks);
        }
        catch (StateFormatException damaged)
        {
            throw new ProtocolException(ByeCode.Malformed, $"The snapshot is damaged: {damaged.Message}", damaged);
        }
    }

    private static byte[] Concat(List<ReadOnlyMemory<byte>> pieces)
    {
        var whole = new byte[pieces.Sum(p => p.Length)];
        var offset = 0;
        foreach (var piece in pieces)
        {
            piece.Span.CopyTo(whole.AsSpan(offset));
            offset += piece.Length;
        }

        return whole;
    }
}
