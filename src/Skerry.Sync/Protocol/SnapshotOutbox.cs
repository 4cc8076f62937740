using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>
/// The snapshots that are on their way to peers, at most one for each. A broken link does not end a transfer: the peer names what it
/// has when it is back.
/// </summary>
/// <remarks>A snapshot pins the state that it was taken of; one that nobody came back for is dropped when the next is made.</remarks>
public sealed class SnapshotOutbox(Replica replica, TimeProvider time, Random random)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<SiteId, OutgoingSnapshot> _byPeer = [];

    internal OutgoingSnapshot For(SiteId peer, SnapshotPosition? staged)
    {
        lock (_lock)
        {
            foreach (var (site, old) in _byPeer.Where(p => time.GetElapsedTime(p.Value.UsedAt) > KeptFor).ToList())
            {
                _byPeer.Remove(site);
            }

            if (staged is null || !_byPeer.TryGetValue(peer, out var outgoing) || outgoing.Id != staged.Snapshot)
            {
                Span<byte> name = stackalloc byte[16];
                random.NextBytes(name);
                outgoing = new OutgoingSnapshot(new Guid(name), replica.TakeSnapshot());
                _byPeer[peer] = outgoing;
            }

            outgoing.UsedAt = time.GetTimestamp();
            return outgoing;
        }
    }

    internal void Finished(SiteId peer)
    {
        lock (_lock)
        {
            _byPeer.Remove(peer);
        }
    }
}

internal sealed record OutgoingSnapshot(Guid Id, StateSnapshot Snapshot)
{
    /// <summary>A timestamp of the time provider.</summary>
    public long UsedAt { get; set; }
}
