namespace Skerry.Movers.Native;

/// <summary>Bounds and paces of the native mover, at both sides.</summary>
public sealed class NativeMoverOptions
{
    /// <summary>
    /// How many bytes of writes may wait for a slow link before the relation gives up streaming and catches up by difference
    /// instead, by default 64 MiB. It is memory at the primary; writers never wait for it.
    /// </summary>
    public long TapBoundBytes { get; init; } = 64L << 20;

    /// <summary>Streamed and not yet acknowledged, in bytes, by default 16 MiB; beyond it the rest waits in the tap.</summary>
    public long WindowBytes { get; init; } = 16L << 20;

    /// <summary>Block content in one frame, by default 1 MiB.</summary>
    public int ChunkBytes { get; init; } = 1 << 20;

    /// <summary>How much of a transfer may have to be sent again after a crash of the target, by default 32 MiB.</summary>
    public long CursorBytes { get; init; } = 32L << 20;

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
}
