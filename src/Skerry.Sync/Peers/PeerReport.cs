using Skerry.State.Clocks;

namespace Skerry.Sync.Peers;

/// <summary>What this site knows of its link with one peer, at the moment of asking.</summary>
public sealed record PeerReport
{
    public required SiteId Site { get; init; }

    public required string Name { get; init; }

    public required PeerHealth Health { get; init; }

    /// <summary>Since when <see cref="Health"/> holds; for a silent peer, since it was last heard.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Null when nothing came from the peer since the daemon started.</summary>
    public DateTimeOffset? LastHeardAt { get; init; }

    /// <summary>Null before the first heartbeat was answered.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>How far the peer's clock is ahead of this one's.</summary>
    public TimeSpan? Drift { get; init; }

    /// <summary>What the last attempt came to; null when it worked.</summary>
    public string? LastError { get; init; }

    /// <summary>What the peer is known to have on stable storage; null when it has not said so since the daemon started.</summary>
    public VersionVector? Has { get; init; }

    /// <summary>It tells with heartbeats which sites live, as far as is known.</summary>
    public bool Gossips { get; init; }

    /// <summary>Over all connections since the daemon started.</summary>
    public long MutationsSent { get; init; }

    public long MutationsReceived { get; init; }

    /// <summary>In frames, as they went over the wire, over all connections since the daemon started.</summary>
    public long BytesSent { get; init; }

    public long BytesReceived { get; init; }
}
