namespace Skerry.Sync;

/// <summary>How eagerly a site passes on what it knows, and how it judges its links.</summary>
public sealed record SyncOptions
{
    /// <summary>
    /// <c>SYNC_DELTA</c>: what is not urgent (measurements) waits at most this long since the last flush. Default 180 s, least 0: every
    /// change goes at once. Urgent changes never wait, and take along everything before them.
    /// </summary>
    public TimeSpan SyncDelta { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary><c>SYNC_MAX</c>: so many waiting mutations are flushed whatever their age. Default 1000, least 1.</summary>
    public int SyncMax { get; init; } = 1000;

    /// <summary>
    /// The most that this end sends to a peer in a second, in bytes on the wire, averaged over any few seconds; null (default): no
    /// bound. Least 1 KiB/s. What says that the link lives, and acknowledgements, pass beside it and count.
    /// </summary>
    public long? BandwidthBytesPerSecond { get; init; }

    /// <summary>Batches and pieces of snapshots are packed where that makes them shorter by an eighth and the peer can unpack. Default true.</summary>
    public bool Compress { get; init; } = true;

    /// <summary>A <see cref="BandwidthBytesPerSecond"/> that bounds nothing: for a link that is free of the site's bound.</summary>
    public const long Unlimited = long.MaxValue;

    /// <summary>What differs on the links with single peers, by the peer's name.</summary>
    public IReadOnlyDictionary<string, LinkSettings> Links { get; init; } = new Dictionary<string, LinkSettings>();

    /// <summary>How often a link that has nothing to say says so. Default 1 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A link that was silent for so long is given up. Default 4 s: a few heartbeats.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The least pause before dialling again; doubled with each failure and jittered by half. Default 0.2 s.</summary>
    public TimeSpan RedialLeast { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause before dialling again. Default 5 s.</summary>
    public TimeSpan RedialMost { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long opening a connection, or the greeting on it, may take. Default 4 s.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Mutations sent but not yet durable at the peer, in encoded bytes; a slow peer holds back the sender here. Default 4 MiB.</summary>
    public int WindowBytes { get; init; } = 4 << 20;

    /// <summary>The size that a batch of mutations or a snapshot chunk aims at, in bytes. Default 256 KiB.</summary>
    public int BatchBytes { get; init; } = 256 << 10;

    /// <summary>The largest frame that is read, in bytes; a peer that sends more is cut off. Default 5 MiB, above the largest mutation.</summary>
    public int FrameLimitBytes { get; init; } = 5 << 20;

    /// <summary>The largest snapshot that is taken from a peer, in bytes. Default 2 GiB.</summary>
    public long SnapshotLimitBytes { get; init; } = 2L << 30;

    /// <summary>How often two sites that have caught up compare whether they hold the same. Default 60 s.</summary>
    public TimeSpan DigestInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Drift between this site's clock and a peer's beyond which an alert stands. Default 1 s.</summary>
    public TimeSpan DriftAlert { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The most that goes out before something more pressing gets its turn: a quarter of a second of the link's bound, so that a slow
    /// link does not look dead behind one frame. A single larger mutation goes as it is.
    /// </summary>
    internal int PieceBytes =>
        BandwidthBytesPerSecond is { } rate ? (int)Math.Clamp(rate / 4, Math.Min(1024, BatchBytes), BatchBytes) : BatchBytes;

    /// <summary>As they hold for the link with the named peer.</summary>
    public SyncOptions For(string peerName) => !Links.TryGetValue(peerName, out var link) ? this : this with
    {
        SyncDelta = link.SyncDelta ?? SyncDelta,
        SyncMax = link.SyncMax ?? SyncMax,
        BandwidthBytesPerSecond = link.BandwidthBytesPerSecond ?? BandwidthBytesPerSecond,
        Compress = link.Compress ?? Compress,
    };

    /// <summary>Every mistake in these options, in words for an operator; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var mistakes = new List<string>();
        Check(SyncDelta >= TimeSpan.Zero, "SYNC_DELTA must be 0 or more seconds.");
        Check(SyncMax >= 1, "SYNC_MAX must be 1 or more changes.");
        Check(HeartbeatInterval > TimeSpan.Zero, "The heartbeat interval must be above 0.");
        Check(DeadAfter > HeartbeatInterval, "A link may be given up only after more than one heartbeat interval.");
        Check(RedialLeast > TimeSpan.Zero && RedialMost >= RedialLeast, "The pauses between dials must be above 0 and in order.");
        Check(DigestInterval > TimeSpan.Zero, "The interval of comparisons must be above 0.");
        Check(BatchBytes is > 0 && BatchBytes <= FrameLimitBytes, "A batch must fit a frame.");
        Check(BandwidthBytesPerSecond is null or >= 1024, "The bandwidth of a link must be 1 KiB/s or more.");
        Check(WindowBytes >= BatchBytes, "The window must hold at least one batch.");
        return mistakes;

        void Check(bool holds, string mistake)
        {
            if (!holds)
            {
                mistakes.Add(mistake);
            }
        }
    }
}
