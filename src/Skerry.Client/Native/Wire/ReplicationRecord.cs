namespace Skerry.Client.Native.Wire;

/// <summary>The standing relation of a volume with its replica. Each side reports for itself, so each side's words have an age.</summary>
/// <param name="HomeSite">Where failback brings the primary. Sites are told by their names.</param>
/// <param name="SourceSite">The site that is primary now; null while nobody is.</param>
/// <param name="Mode">instant, one-time or periodic.</param>
/// <param name="OnReturn">resync or wait: what a returning former primary does.</param>
/// <param name="Status">Sums up both sides: <c>active - primary</c>, <c>active - updating</c>, <c>active - secondary</c>, or plain words with a reason.</param>
public sealed record ReplicationRecord(
    string Id,
    string VolumeId,
    string? VolumeName,
    string? HomeSite,
    string? SourceSite,
    string TargetSite,
    string? TargetBackend,
    string Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    DateTimeOffset? NextRunAt,
    bool Paused,
    string? OnReturn,
    string Status,
    string? Reason,
    string? NextStep,
    ReplicationSourceRecord? Source,
    ReplicationTargetRecord? Target,
    DateTimeOffset? CreatedAt)
{
    /// <summary>Times of day of periodic mode, as 02:30,14:30.</summary>
    public string? At { get; init; }

    /// <summary>Days of these times, as mon-fri; null for each day.</summary>
    public string? Days { get; init; }

    /// <summary>IANA name of the zone of these times; null for UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How long states of past runs are kept at the source, as count=24,age=7d.</summary>
    public string? KeepSource { get; init; }

    /// <summary>How long at the replica, where it holds also for snapshots that were deleted at the primary.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>True when the source is itself a replica, which passes on what it has.</summary>
    public bool? PassedOn { get; init; }

    /// <summary>True when the target holds the encrypted volume as ciphertext, without its key, so that it cannot be promoted.</summary>
    public bool? CiphertextOnly { get; init; }

    /// <summary>What the answering site's own copy is: active - primary only while it may take writes; null at sites without a copy.</summary>
    public string? LocalStatus { get; init; }

    /// <summary>Highest generation of the volume that the answering site knows.</summary>
    public long? Generation { get; init; }

    /// <summary>Volume at the target that the replica begins with, until that is done.</summary>
    public string? AdoptFrom { get; init; }

    /// <summary>Age of the recovery point when this was asked.</summary>
    public double? RecoveryPointAgeSeconds { get; init; }

    /// <summary>local or replica: where an acknowledged flush is durable.</summary>
    public string? Ack { get; init; }

    /// <summary>continue or stop: what the primary does when the replica is out of reach.</summary>
    public string? OnIsolation { get; init; }

    /// <summary>manual or automatic: who promotes the replica when the primary's site is lost.</summary>
    public string? Failover { get; init; }

    /// <summary>Since when flushes are acknowledged at the primary alone though more is asked for; null when they are not, as far as is known.</summary>
    public DateTimeOffset? LocalOnlySince { get; init; }
}

/// <summary>What the primary's site last said.</summary>
/// <param name="At">When it was true.</param>
/// <param name="Since">Since when the state holds.</param>
/// <param name="LagBytes">Written and not yet acknowledged by the replica; null when not known.</param>
/// <param name="LagSeconds">Age of the oldest write that the replica has not acknowledged; null when not known.</param>
/// <param name="PrimaryNumber">The last write number at the primary.</param>
/// <param name="ReplicaNumber">The last one that the replica said is durable.</param>
public sealed record ReplicationSourceRecord(
    string State,
    string? Reason,
    string? NextStep,
    DateTimeOffset? At,
    DateTimeOffset? Since,
    long? Generation,
    long? LagBytes,
    double? LagSeconds,
    long? PrimaryNumber,
    long? ReplicaNumber,
    TransferRecord? Transfer,
    TransferRecord? LastTransfer,
    DateTimeOffset? LastSyncAt)
{
    /// <summary>What acknowledgements promise; null where nothing is asked of them.</summary>
    public ReplicationAcksRecord? Acks { get; init; }

    /// <summary>How retries stand; null while all goes well.</summary>
    public RetryRecord? Retry { get; init; }

    /// <summary>Planned runs that were never run.</summary>
    public long MissedRuns { get; init; }
}

/// <summary>What the acknowledgements of a primary promise.</summary>
/// <param name="State">both, local-only or held: of a flush that comes now; null where flushes do not wait for the replica.</param>
/// <param name="Reason">Why; null for both.</param>
/// <param name="IsUnderLease">Nothing is acknowledged without the target's lease.</param>
public sealed record ReplicationAcksRecord(string? State, string? Reason, bool IsUnderLease);

/// <summary>What the replica's site last said.</summary>
/// <param name="OwedBytes">What the primary said last that it still owed: at least.</param>
/// <param name="HeardAt">When the primary was last heard there.</param>
/// <param name="DivergedSnapshotId">The snapshot that keeps what this copy wrote apart from the present primary.</param>
public sealed record ReplicationTargetRecord(
    string State,
    string? Reason,
    string? NextStep,
    DateTimeOffset? At,
    DateTimeOffset? Since,
    RecoveryPointRecord? RecoveryPoint,
    long? OwedBytes,
    DateTimeOffset? HeardAt,
    TransferRecord? LastTransfer,
    string? DivergedSnapshotId);

/// <summary>A transfer of blocks, running or done.</summary>
/// <param name="Kind">first-copy, catch-up or resync.</param>
/// <param name="TotalBytes">What is to be handled: moved, or in a resync compared.</param>
/// <param name="DoneBytes">How much of that is done, over resumptions.</param>
/// <param name="ComparedBytes">Compared by digest at both sides, in a resync.</param>
/// <param name="MovedBytes">Block content that crossed the link.</param>
/// <param name="EqualBytes">Compared and found equal, so not moved.</param>
/// <param name="ZeroedBytes">Nothing but zeroes at the source: cleared at the replica without being moved.</param>
/// <param name="WireBytes">Bytes of the frames that carried it, packed where that paid; 0 where it is not known.</param>
public sealed record TransferRecord(
    string Kind,
    long TotalBytes,
    long DoneBytes,
    long ComparedBytes,
    long MovedBytes,
    long EqualBytes,
    double BytesPerSecond,
    double? SecondsLeft,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    long ZeroedBytes = 0,
    long WireBytes = 0);

/// <summary>How an attempt that failed is tried again.</summary>
/// <param name="FailedAttempts">In a row.</param>
/// <param name="AttemptsLeft">Before it rests; null where it is tried for as long as it takes.</param>
/// <param name="NextAttemptAt">Null when it rests until the next run, or until somebody asks.</param>
/// <param name="CanHelp">False when nothing that time alone changes is in the way.</param>
public sealed record RetryRecord(int FailedAttempts, int? AttemptsLeft, DateTimeOffset? NextAttemptAt, bool CanHelp);

/// <summary>A transfer that ended, as the answering site saw it.</summary>
/// <param name="Side">source or target: which end of it the answering site was.</param>
/// <param name="Kind">first-copy, catch-up, resync, adopt, or attempt for one that came to no transfer.</param>
/// <param name="Result">done or failed.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="MovedBytes">Block content that crossed the link.</param>
/// <param name="ComparedBytes">Compared by digest at both sides.</param>
/// <param name="EqualBytes">Of that, found equal, so not moved.</param>
public sealed record TransferEntryRecord(
    string Side,
    string Kind,
    string Result,
    string? Reason,
    DateTimeOffset StartedAt,
    DateTimeOffset EndedAt,
    double Seconds,
    long TotalBytes,
    long MovedBytes,
    long ComparedBytes,
    long EqualBytes);

/// <summary>The last hundred transfers, newest first.</summary>
/// <param name="Site">The site that answers: each knows what it saw itself.</param>
public sealed record ReplicationHistory(string? Site, IReadOnlyList<TransferEntryRecord> Transfers);

/// <summary>A point in time that a replica can be promoted to.</summary>
public sealed record RecoveryPointRecord(long Generation, long Number, DateTimeOffset? TakenAt);

public sealed record ReplicationReply(ReplicationRecord Replication, string? OperationId = null);

public sealed record ReplicationList(IReadOnlyList<ReplicationRecord> Replications, IReadOnlyList<PageLink>? Links = null);

/// <summary>
/// What can be chosen about a replication. What is absent takes its default where one is made, and stays as it is where one is changed.
/// </summary>
public record ReplicationSettingsRequest
{
    public string? Mode { get; init; }

    public long? IntervalSeconds { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public string? At { get; init; }

    public string? Days { get; init; }

    public string? TimeZone { get; init; }

    public string? KeepSource { get; init; }

    public string? KeepTarget { get; init; }

    public string? OnReturn { get; init; }

    public string? Ack { get; init; }

    public string? OnIsolation { get; init; }

    public string? Failover { get; init; }
}

public sealed record ReplicationCreateRequest : ReplicationSettingsRequest
{
    public ReplicationCreateRequest()
    {
    }

    public ReplicationCreateRequest(ReplicationSettingsRequest settings)
        : base(settings)
    {
    }

    public string? VolumeId { get; init; }

    public string? TargetSite { get; init; }

    public string? TargetBackend { get; init; }

    /// <summary>The site whose replica is passed on, by name or id; null for the primary's.</summary>
    public string? FromSite { get; init; }

    /// <summary>Volume at the target that holds the data already; the volume's own id for a copy of it that is there.</summary>
    public string? Adopt { get; init; }

    /// <summary>True when the target is to hold the encrypted volume as ciphertext, without its key.</summary>
    public bool? CiphertextOnly { get; init; }
}

/// <summary>Another place for a replica.</summary>
public sealed record ReplicationRetargetRequest(string? TargetSite, string? TargetBackend);
