using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>
/// What has arrived of snapshots from peers, at most one for each. It outlives connections, so that a transfer goes on where it was;
/// nothing of it is joined before it is whole.
/// </summary>
public sealed class SnapshotInbox(SyncOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, Staged> _byPeer = [];

    internal SnapshotPosition? PositionOf(SiteId peer)
    {
        lock (_lock)
        {
            return _byPeer.TryGetValue(peer, out var staged) && staged.Chunks.Count > 0
                ? new SnapshotPosition(staged.Id, staged.Chunks.Count)
                : null;
        }
    }

    internal void Begin(SiteId peer, SnapshotOffer offer)
    {
        lock (_lock)
        {
            if (_byPeer.TryGetValue(peer, out var staged) && staged.Id == offer.Snapshot && staged.Chunks.Count == offer.From)
            {
                staged.Bytes -= staged.Open.Sum(p => (long)p.Length);
                staged.Open.Clear();
                return;
            }

            if (offer.From != 0)
            {
                throw new ProtocolException(
                    ByeCode.Malformed, $"A snapshot was offered from chunk {offer.From} on, of which the beginning is not here.");
            }

            _byPeer[peer] = new Staged(offer.Snapshot);
        }
    }

    /// <summary>Adds a piece.</summary>
    /// <returns>The number of whole chunks.</returns>
    internal long Add(SiteId peer, SnapshotPiece piece)
    {
        lock (_lock)
        {
            if (!_byPeer.TryGetValue(peer, out var staged) || staged.Id != piece.Snapshot || staged.Chunks.Count != piece.Index)
            {
                throw new ProtocolException(ByeCode.Malformed, $"A piece of chunk {piece.Index} came of a snapshot that is not at that place.");
            }

            staged.Bytes += piece.Bytes.Length;
            if (staged.Bytes > options.SnapshotLimitBytes)
            {
                _byPeer.Remove(peer);
                throw new ProtocolException(
                    ByeCode.Malformed, $"A snapshot is larger than the limit of {options.SnapshotLimitBytes} bytes.");
            }

            staged.Open.Add(piece.Bytes);
            if (piece.EndsChunk)
            {
                staged.Chunks.Add(staged.Open is [var only] ? only : Concat(staged.Open));
                staged.Open.Clear();
            }

            return staged.Chunks.Count;
        }
    }

    /// <summary>Takes the whole snapshot out. A damaged one is dropped, so that the next attempt starts from nothing.</summary>
    /// <exception cref="ProtocolException">It is damaged.</exception>
    internal (StateSnapshot Snapshot, long Bytes) Take(SiteId peer)
    {
        Staged staged;
        lock (_lock)
        {
            staged = _byPeer[peer];
            _byPeer.Remove(peer);
        }

        try
        {
            return (StateSnapshot.Decode(staged.Chunks), staged.Bytes);
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

    private sealed record Staged(Guid Id)
    {
        public List<ReadOnlyMemory<byte>> Chunks { get; } = [];

        public List<ReadOnlyMemory<byte>> Open { get; } = [];

        public long Bytes { get; set; }
    }
}
