namespace Skerry.Domain.Replication;

/// <summary>
/// What people choose about a replication, made or changed. Null takes the default where one is made, and leaves as it is where one is
/// changed.
/// </summary>
public sealed record ReplicationSettings
{
    /// <summary>One of <see cref="ReplicationModes"/>, <see cref="ReplicationModes.Instant"/> by default. The replica is kept, and nothing that it has is sent again.</summary>
    public string? Mode { get; init; }

    /// <summary>Between two runs in periodic mode, at least 10; there, this or <see cref="At"/> is needed, and each ends the other.</summary>
    public long? IntervalSeconds { get; init; }

    /// <summary>The first run of one-time and periodic mode; null for at once, also where the schedule changes.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Times of day of periodic mode, as <c>02:30</c> or <c>02:30,14:30</c>, in place of an interval.</summary>
    public string? At { get; init; }

    /// <summary>On which days, as <c>mon-fri</c> or <c>mon,wed,sun</c>; each day by default.</summary>
    public string? Days { get; init; }

    /// <summary>By the clocks of which zone, an IANA name as <c>Europe/Berlin</c>; UTC by default.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How long to keep the states of past runs at the source, as <see cref="Retention"/> reads it; <c>none</c>, the default, for not at all.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replica, where it holds also for what is deleted at the primary.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>One of <see cref="ReturnPolicies"/>, <see cref="ReturnPolicies.Resync"/> by default.</summary>
    public string? OnReturn { get; init; }

    /// <summary>One of <see cref="AckPolicies"/>, <see cref="AckPolicies.Local"/> by default.</summary>
    public string? Ack { get; init; }

    /// <summary>One of <see cref="IsolationPolicies"/>, <see cref="IsolationPolicies.Continue"/> by default.</summary>
    public string? OnIsolation { get; init; }

    /// <summary>One of <see cref="FailoverPolicies"/>, <see cref="FailoverPolicies.Manual"/> by default.</summary>
    public string? Failover { get; init; }
}
