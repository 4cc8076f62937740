namespace Skerry.Movers.Native;

/// <summary>Bounds and paces of the native mover, at both sides.</summary>
public sealed class NativeMoverOptions
{
    /// <summary>
    /// How many bytes of writes may wait for a slow link before the relation gives up streaming and catches up by difference
    /// instead, by default 64 MiB. It is memory at the primary.
    /// </summary>
    public long TapBoundBytes { get; init; } = 64L << 20;

    /// <summary>Streamed and not yet acknowledged, in bytes, by default 16 MiB; beyond it the rest waits in the tap.</summary>
    public long WindowBytes { get; init; } = 16L << 20;

    /// <summary>
    /// While so many bytes of writes wait at the source for a replica that answers, the server holds its writers back, by at most three
    /// fifths of their time; by default 0, for never: a slow replica is nothing that a writer pays for unless somebody chose that.
    /// </summary>
    public long PressingBytes { get; init; }

    /// <summary>What <see cref="PressingBytes"/> is where writers are to be held back.</summary>
    public const long DefaultPressingBytes = 8L << 20;

    /// <summary>A replica that leaves writes unanswered for so long holds nobody back, by default 1 s.</summary>
    public TimeSpan PressingFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Block content in one frame, by default 1 MiB.</summary>
    public int ChunkBytes { get; init; } = 1 << 20;

    /// <summary>How much of a transfer may have to be sent again after a crash of the target, by default 32 MiB.</summary>
    public long CursorBytes { get; init; } = 32L << 20;

    /// <summary>What transfers may take of each link; streams are not held to it. By default no limit.</summary>
    public BandwidthPlan Bandwidth { get; init; } = BandwidthPlan.Unlimited;

    /// <summary>How many transfers may run at once at this site, by default 4; streams are none.</summary>
    public int TransfersAtOnce { get; init; } = 4;

    /// <summary>Whether content goes packed, where that makes it shorter; by default while that makes the transfer quicker.</summary>
    public Packing Packing { get; init; }

    /// <summary>Of zstd: less is quicker, and below zero quicker still; default 3.</summary>
    public int CompressionLevel { get; init; } = 3;

    /// <summary>
    /// How long writes may wait at the source for more to go along with, when the link was busy just before; by default 10 ms. The
    /// first after a rest goes at once.
    /// </summary>
    public TimeSpan StreamPace { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a replica lets applied writes wait before it makes them durable, by default 200 ms.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often each side says that it lives, by default 500 ms; also the pace of recovery points.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A link that is silent for so long is dead, by default 5 s.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Up to this lag an instant replica is called secondary, beyond it updating; by default 5 s.</summary>
    public TimeSpan LagBound { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first pause after a failed attempt, by default 200 ms; it doubles up to <see cref="RetryMax"/>, with jitter.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between attempts, by default 5 s.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many attempts in a row may end in a fault at either end before a task rests, by default 12. Links that are down count
    /// nothing.
    /// </summary>
    public int RetryBudget { get; init; } = 12;

    /// <summary>How soon a task that follows its volume is looked at again after its budget is spent, by default a minute.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What this side says that it can do beyond version 1; null, for tests, for a side that has never heard of such words.</summary>
    internal IReadOnlyList<string>? Features { get; init; } = Wire.Features.Own;
}
