namespace Skerry.Sync;

/// <summary>How eagerly a site passes on what it knows, and how it judges its links.</summary>
public sealed class SyncOptions
{
    /// <summary>
    /// <c>SYNC_DELTA</c>: what is not urgent (measurements) waits at most this long since the last flush. Default 180 s, least 0: every
    /// change goes at once. Urgent changes never wait, and take along everything before them.
    /// </summary>
    public TimeSpan SyncDelta { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary><c>SYNC_MAX</c>: so many waiting mutations are flushed whatever their age. Default 1000, least 1.</summary>
    public int SyncMax { get; init; } = 1000;

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

    /// <summary>Drift between this site's clock and a peer's beyond which it is reported. Default 1 s.</summary>
    public TimeSpan DriftAlert { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Every mistake in these options, in words for an operator; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var mistakes = new List<string>();
        Check(SyncDelta >= TimeSpan.Zero, "SYNC_DELTA must be 0 or more seconds.");
        Check(SyncMax >= 1, "SYNC_MAX must be 1 or more changes.");
        Check(HeartbeatInterval > TimeSpan.Zero, "The heartbeat interval must be above 0.");
        Check(DeadAfter > HeartbeatInterval, "A link may be given up only after more than one heartbeat interval.");
        Check(RedialLeast > TimeSpan.Zero && RedialMost >= RedialLeast, "The pauses between dials must be above 0 and in order.");
        Check(BatchBytes is > 0 && BatchBytes <= FrameLimitBytes, "A batch must fit a frame.");
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
