using Skerry.State.Clocks;

namespace Skerry.Sync.Protocol;

/// <summary>
/// What has arrived of snapshots whose connection broke, at most one for each peer, so that the transfer can go on where it was. A
/// session takes it out before it tells the peer of it: there may be two sessions with a peer for a moment, and one alone goes on.
/// </summary>
internal sealed class SnapshotInbox
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, InboundSnapshot> _byPeer = [];

    public InboundSnapshot? Take(SiteId peer)
    {
        lock (_lock)
        {
            _byPeer.Remove(peer, out var kept);
            return kept;
        }
    }

    public void Keep(SiteId peer, InboundSnapshot unfinished)
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
