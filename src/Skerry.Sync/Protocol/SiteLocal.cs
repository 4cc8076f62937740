using Skerry.State;
using Skerry.Sync.Peers;

namespace Skerry.Sync.Protocol;

/// <summary>What all sessions of one site share.</summary>
public sealed class SiteLocal
{
    /// <param name="replica">The site's state; the only thing that sync reads and writes.</param>
    /// <param name="cloudId">The cloud that the site is a member of now; null before it has one.</param>
    /// <param name="options">Checked by <see cref="SyncOptions.Validate"/>.</param>
    /// <param name="time">All clocks.</param>
    /// <param name="random">Jitter and names of snapshots; used by one thread at a time.</param>
    public SiteLocal(Replica replica, Func<string?> cloudId, SyncOptions options, TimeProvider time, Random random)
    {
        Replica = replica;
        CloudId = cloudId;
        Options = options;
        Time = time;
        Random = random;
        Gossip = new Gossip(replica.Site, time, options);
        Digests = new DigestLedger(time);
        Outbox = new SnapshotOutbox(replica, time, random);
    }

    public Replica Replica { get; }

    public Func<string?> CloudId { get; }

    public SyncOptions Options { get; }

    public TimeProvider Time { get; }

    /// <summary>What this site says that it understands. All of it, unless a test plays an older version.</summary>
    public IReadOnlyList<string> Features { get; init; } = Protocol.Features.Spoken;

    /// <summary>Which sites live, as far as is known here.</summary>
    public Gossip Gossip { get; }

    /// <summary>What peers brought that its maker had not made.</summary>
    public Forgeries Forgeries { get; } = new();

    /// <summary>Whether peers hold the same, as far as it was compared.</summary>
    public DigestLedger Digests { get; }

    internal Random Random { get; }

    internal SnapshotOutbox Outbox { get; }

    internal SnapshotInbox Inbox { get; } = new();
}
