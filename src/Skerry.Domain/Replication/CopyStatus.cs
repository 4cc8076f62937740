using System.Text.Json.Serialization;

namespace Skerry.Domain.Replication;

/// <summary>A state that a replica can be promoted to.</summary>
/// <param name="Generation">The generation of its last write.</param>
/// <param name="Number">Its last write number.</param>
/// <param name="TakenAt">When the primary's disk was in that state, by the primary's clock.</param>
public sealed record RecoveryPoint(long Generation, long Number, DateTimeOffset TakenAt)
{
    /// <summary>
    /// The same by the clock of the site that holds the copy, or earlier by what a word takes from there to the primary: so how long ago
    /// it was is told by one clock. Null when the primary did not tell.
    /// </summary>
    public DateTimeOffset? TakenAtHere { get; init; }

    /// <summary>How far that site's clock is ahead of the primary's, at least; null when not known.</summary>
    internal TimeSpan? ClockAhead => TakenAtHere - TakenAt;

    /// <summary>Another moment of the primary's clock by that site's, or earlier; null when not known.</summary>
    public DateTimeOffset? Here(DateTimeOffset atPrimary) => atPrimary + ClockAhead;
}

/// <summary>A transfer of blocks, running or done.</summary>
/// <param name="Kind"><c>first-copy</c>, <c>catch-up</c> or <c>resync</c>.</param>
/// <param name="TotalBytes">What is to be handled: moved, or in a resync compared.</param>
/// <param name="DoneBytes">How much of that is done, over resumptions.</param>
/// <param name="ComparedBytes">Read and compared by digest at both sides; 0 outside a resync.</param>
/// <param name="MovedBytes">Block content that crossed the link since the transfer began here; holes count nothing.</param>
/// <param name="EqualBytes">Compared and found equal, so not moved.</param>
/// <param name="BytesPerSecond">The rate lately; 0 when done.</param>
/// <param name="SecondsLeft">At that rate; null when it cannot be told.</param>
/// <param name="StartedAt">When the transfer began, or was last resumed.</param>
/// <param name="EndedAt">Null while it runs.</param>
/// <param name="ZeroedBytes">Found to differ, and nothing but zeroes at the source: cleared at the replica without being moved.</param>
public sealed record TransferStatus(
    string Kind,
    long TotalBytes,
    long DoneBytes,
    long ComparedBytes,
    long MovedBytes,
    long EqualBytes,
    double BytesPerSecond,
    double? SecondsLeft,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    long ZeroedBytes = 0)
{
    /// <summary>Bytes of the frames that carried it, packed where that paid; 0 where it is not known.</summary>
    public long WireBytes { get; init; }
}

/// <summary>How an attempt that failed is tried again.</summary>
/// <param name="FailedAttempts">In a row.</param>
/// <param name="AttemptsLeft">Before it rests; null where it is tried for as long as it takes.</param>
/// <param name="NextAttemptAt">Null when it rests until the next run, or until somebody asks.</param>
/// <param name="CanHelp">False when nothing that time alone changes is in the way.</param>
public sealed record RetryStatus(int FailedAttempts, int? AttemptsLeft, DateTimeOffset? NextAttemptAt, bool CanHelp);

/// <summary>What the primary's site says of one replication; true at <paramref name="At"/>.</summary>
/// <param name="State">One of <see cref="ReplicationWords"/>: the state of the replica as the source knows it.</param>
/// <param name="Reason">Why, in a sentence; null in the three active states.</param>
/// <param name="NextStep">What helps, in a sentence.</param>
/// <param name="At">When this was true, by the source's clock.</param>
/// <param name="Since">Since when the state holds.</param>
/// <param name="Generation">The generation under which this site was primary when it said so.</param>
/// <param name="LagBytes">Written and not yet acknowledged by the replica; null when not known.</param>
/// <param name="LagSeconds">Age of the oldest write that the replica has not acknowledged; null when not known.</param>
/// <param name="PrimaryNumber">The last write number here.</param>
/// <param name="ReplicaNumber">The last write number that the replica said is durable there.</param>
/// <param name="Transfer">The running transfer.</param>
/// <param name="LastTransfer">The last one that was completed.</param>
/// <param name="LastSyncAt">When the replica was last made equal to a snapshot, or last acknowledged everything.</param>
/// <param name="CompletedRun">The start time of the last scheduled or asked run that was completed; null in instant mode.</param>
public sealed record SourceStatus(
    string State,
    string? Reason,
    string? NextStep,
    DateTimeOffset At,
    DateTimeOffset Since,
    long Generation,
    long? LagBytes,
    double? LagSeconds,
    long PrimaryNumber,
    long? ReplicaNumber,
    TransferStatus? Transfer,
    TransferStatus? LastTransfer,
    DateTimeOffset? LastSyncAt,
    DateTimeOffset? CompletedRun)
{
    /// <summary>The request for a run that the last completed run answered, as whoever asked wrote it.</summary>
    public DateTimeOffset? AnsweredSyncAt { get; init; }

    /// <summary>The site of the replica that this speaks of, as a site id; null from before it was told.</summary>
    public string? Peer { get; init; }

    /// <summary>How retries stand; null while all goes well.</summary>
    public RetryStatus? Retry { get; init; }

    /// <summary>Planned runs that were never run, since the relation was made; the newest of them lies before <see cref="MissedUpTo"/>.</summary>
    public long MissedRuns { get; init; }

    /// <summary>Of these, those that were missed before this site was the source in this generation.</summary>
    public long MissedBefore { get; init; }

    /// <summary>Up to which planned run missed ones are counted.</summary>
    public DateTimeOffset? MissedUpTo { get; init; }

    /// <summary>What acknowledgements promised then; null where the relation asks nothing of them.</summary>
    public AckStanding? Acks { get; init; }
}

/// <summary>What the replica's site says of one replication; true at <paramref name="At"/>.</summary>
/// <param name="State">One of <see cref="ReplicationWords"/>: the state of the local copy.</param>
/// <param name="Reason">Why, in a sentence; null in the active states.</param>
/// <param name="NextStep">What helps, in a sentence.</param>
/// <param name="At">When this was true, by the target's clock.</param>
/// <param name="Since">Since when the state holds.</param>
/// <param name="RecoveryPoint">The newest state, durable here, that this copy can be promoted to; null when there is none.</param>
/// <param name="OwedBytes">What the primary said last that it still owed; "at least", since it may have written more.</param>
/// <param name="HeardAt">When the primary was last heard, by the target's clock.</param>
/// <param name="LastTransfer">The last transfer that was completed into this copy.</param>
/// <param name="DivergedSnapshotId">The snapshot that keeps what this copy wrote apart from the present primary, when it did.</param>
/// <param name="Generation">The generation whose primary this site followed when it said so.</param>
public sealed record TargetStatus(
    string State,
    string? Reason,
    string? NextStep,
    DateTimeOffset At,
    DateTimeOffset Since,
    RecoveryPoint? RecoveryPoint,
    long? OwedBytes,
    DateTimeOffset? HeardAt,
    TransferStatus? LastTransfer,
    string? DivergedSnapshotId,
    long Generation = 0)
{
    /// <summary>The last write number, durable here, of the whole state: at or after the recovery point. Null when not known.</summary>
    public long? Number { get; init; }

    /// <summary>The generation of that write.</summary>
    public long? CopyGeneration { get; init; }

    /// <summary>The site that says this, as a site id; null from before it was told.</summary>
    public string? Site { get; init; }
}

/// <summary>The stored form of what the folders Replication and Recovery keep in fields.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Generation))]
[JsonSerializable(typeof(SourceStatus))]
[JsonSerializable(typeof(TargetStatus))]
[JsonSerializable(typeof(LocalOnly))]
[JsonSerializable(typeof(TransferEntry))]
[JsonSerializable(typeof(IReadOnlyList<LeftSite>))]
internal sealed partial class ReplicationJson : JsonSerializerContext;
