namespace Skerry.Client.Native.Wire;

/// <summary>The standing relation of a volume with its replica. Each side reports for itself, so each side's words have an age.</summary>
/// <param name="Status">The relation in one phrase, from what both sides reported.</param>
/// <param name="Mode">instant, one-time or periodic.</param>
/// <param name="OnReturn">resync or wait: what a returning former primary does.</param>
public sealed record ReplicationRecord(
    string Id,
    string VolumeId,
    string? VolumeName,
    string SourceSite,
    string TargetSite,
    string? TargetBackend,
    string Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    DateTimeOffset? NextRunAt,
    bool Paused,
    string? OnReturn,
    string Status,
    ReplicationSourceRecord? Source,
    ReplicationTargetRecord? Target,
    DateTimeOffset? CreatedAt);

/// <summary>What the primary's site last said.</summary>
/// <param name="LagBytes">Owed to the replica.</param>
/// <param name="LagSeconds">How long ago the replica was last whole.</param>
public sealed record ReplicationSourceRecord(
    string State,
    long? LagBytes,
    double? LagSeconds,
    DateTimeOffset? Since,
    string? Error,
    string? NextStep,
    TransferRecord? Transfer,
    DateTimeOffset? LastSyncAt,
    long? LastBytes,
    DateTimeOffset? ReportedAt);

/// <summary>What the replica's site last said.</summary>
public sealed record ReplicationTargetRecord(
    string State,
    RecoveryPointRecord? RecoveryPoint,
    string? Error,
    string? NextStep,
    DateTimeOffset? ReportedAt,
    ResyncRecord? Resync = null);

/// <summary>What the last resync compared and moved.</summary>
public sealed record ResyncRecord(
    long? ComparedBytes, long? MovedBytes, long? EqualBytes, string? DivergedSnapshotId, DateTimeOffset? FinishedAt);

/// <summary>A running transfer.</summary>
public sealed record TransferRecord(long? TotalBytes, long? DoneBytes, double? BytesPerSecond, double? SecondsLeft);

/// <summary>A point in time that a replica can be promoted to.</summary>
public sealed record RecoveryPointRecord(long? Generation, long? Number, DateTimeOffset? TakenAt);

public sealed record ReplicationReply(ReplicationRecord Replication, string? OperationId = null);

public sealed record ReplicationList(IReadOnlyList<ReplicationRecord> Replications, IReadOnlyList<PageLink>? Links = null);

public sealed record ReplicationCreateRequest(
    string? VolumeId,
    string? TargetSite,
    string? TargetBackend,
    string? Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    string? OnReturn);
