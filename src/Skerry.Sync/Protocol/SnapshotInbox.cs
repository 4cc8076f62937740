using Skerry.State.Clocks;

namespace Skerry.Sync.Protocol;

/// <summary>
/// What has arrived of snapshots whose connection broke, at most one for each peer, so that the transfer can go on where it was. A
/// running transfer belongs to its session alone: there may be two sessions with a peer for a moment.
/// </summary>
public sealed class SnapshotInbox(SyncOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, InboundSnapshot> _byPeer = [];

    internal SnapshotPosition? PositionOf(SiteId peer)
    {
        lock (_lock)
        {
            return _byPeer.TryGetValue(peer, out var kept) ? new SnapshotPosition(kept.Id, kept.Chunks) : null;
        }
    }

    /// <exception cref="ProtocolException">The offer goes on from something that is not here.</exception>
    internal InboundSnapshot Begin(SiteId peer, SnapshotOffer offer)
    {
        lock (_lock)
        {
            if (_byPeer.Remove(peer, out var kept) && kept.Id == offer.Snapshot && kept.Chunks == offer.From)
            {
                return kept;
            }
        }

        return offer.From == 0
            ? new InboundSnapshot(offer.Snapshot, options.SnapshotLimitBytes)
            : throw new ProtocolException(
                ByeCode.Malformed, $"A snapshot was offered from chunk {offer.From} on, of which the beginning is not here.");
    }

    internal void Keep(SiteId peer, InboundSnapshot unfinished)
    {
        unfinished.DropOpenChunk();
        if (unfinished.Chunks > 0)
        {
            lock (_lock)
            {
                _byPeer[peer] = unfinished;
            }
        }
    }
}
