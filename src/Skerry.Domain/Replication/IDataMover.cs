namespace Skerry.Domain.Replication;

/// <summary>What a mover is to bring about; derived from the state afresh at every step.</summary>
/// <param name="ReplicationId">The relation; one task of an id at a time.</param>
/// <param name="VolumeId">The volume, primary here.</param>
/// <param name="Backend">The backend that holds it here.</param>
/// <param name="TargetSite">The site of the replica, as a site id.</param>
/// <param name="Generation">The generation under which this site is primary.</param>
/// <param name="Run">
/// Null to follow the volume for as long as the task stands (instant). Else the start time of one run: make the replica equal to a
/// snapshot taken at or after the first call with this value, then rest.
/// </param>
public sealed record MoverTask(
    string ReplicationId, string VolumeId, string Backend, string TargetSite, Generation Generation, DateTimeOffset? Run)
{
    /// <summary>
    /// The snapshot that keeps the state of this run, at the source and, where the target's mover knows how, at the target; taken by the
    /// mover when it is not there. Null when runs are not kept.
    /// </summary>
    public string? RunSnapshotId { get; init; }

    /// <summary>
    /// True when the volume here is itself a replica, which passes on what it has: only states that the primary has been in, and with
    /// no newer time than it was told itself.
    /// </summary>
    public bool IsPassedOn { get; init; }

    /// <summary>What acknowledgements wait for; null for what they waited for before.</summary>
    public AckTerms? Acks { get; init; }

    /// <summary>
    /// The cut of the volume's group that the run ships, so that all members' replicas are in states of one instant; null to take a
    /// snapshot for the run alone. The replica keeps that state as the cut's.
    /// </summary>
    public string? CutId { get; init; }

    /// <summary>True when the copy at the target is to be taken over though it shares no history with the volume here.</summary>
    public bool MayAdopt { get; init; }

    /// <summary>True when the target is to hold the encrypted volume's blocks without its key, as nobody there can read them.</summary>
    public bool IsCiphertextOnly { get; init; }

    /// <summary>When somebody last asked to get on with it: a new value begins anew what had been given up for now.</summary>
    public DateTimeOffset? AskedAt { get; init; }
}

/// <summary>
/// Makes replicas equal to their sources: the sending side of one kind of backend. It decides nothing about who is primary.
/// </summary>
/// <remarks>
/// <para>What the replica holds is at every moment a state that the source's disk has been in, or else its last such state is kept
/// beside it until the new one is whole.</para>
/// <para>A source that cannot be read is an error, never an empty source. Faults of the link are tried again for as long as the
/// task stands; other faults are told in <see cref="MoverReport.Reason"/>.</para>
/// <para>A mover keeps nothing of its own that is needed after a restart: the first call after one finds out what is there.</para>
/// </remarks>
public interface IDataMover
{
    /// <summary>The volume driver whose volumes it moves, as in the configuration (<c>native</c>).</summary>
    string Driver { get; }

    /// <summary>Begins or goes on with the task, and returns at once with how it stands. Calling it again is always safe.</summary>
    MoverReport Synchronize(MoverTask task);

    /// <summary>
    /// Asks the replica to make everything durable that was written here before the call, and waits for it. The last write number
    /// that is then durable there; null when the link, or the patience of the token, ends first.
    /// </summary>
    ValueTask<long?> SettleAsync(string replicationId, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the task. With <paramref name="forGood"/> what it kept at the source for going on later (snapshots) is dropped too;
    /// otherwise a later <see cref="Synchronize"/> resumes. Idempotent; the replica is untouched.
    /// </summary>
    ValueTask CleanupAsync(string replicationId, string volumeId, bool forGood, CancellationToken cancellationToken);

    /// <summary>
    /// To be called before the volume is opened for writing in a generation, with what its relations want of acknowledgements: from its
    /// first write on they are kept to that, whether or not <see cref="Synchronize"/> was called. Idempotent.
    /// </summary>
    ValueTask ArmAsync(string volumeId, Generation generation, IReadOnlyList<MoverTask> tasks, CancellationToken cancellationToken) => default;

    /// <summary>
    /// How far the volume here has come, and the bytes of it that were changed after one of its write numbers; the bytes null when that
    /// cannot be told, and all of it when the volume is not open here. For relations that have no task now.
    /// </summary>
    (long Number, long? Bytes)? ChangedSince(string volumeId, long number) => null;

    /// <summary>
    /// Acknowledgements do not wait for this relation any more: a person ended or paused it, and the state says so. A lease that the
    /// target may hold goes on to bind.
    /// </summary>
    void Disarm(string replicationId, string volumeId)
    {
    }
}

/// <summary>How a task stands.</summary>
/// <param name="State">One of <see cref="ReplicationWords"/>.</param>
/// <param name="Reason">Why, where the word alone does not say it.</param>
/// <param name="NextStep">What helps, where something does.</param>
/// <param name="IsConnected">True while the replica's site answers.</param>
/// <param name="LagBytes">Written here and not yet acknowledged there; null when not known.</param>
/// <param name="LagSeconds">Age of the oldest such write.</param>
/// <param name="PrimaryNumber">The last write number here.</param>
/// <param name="ReplicaNumber">The last number durable there.</param>
/// <param name="Transfer">The running transfer.</param>
/// <param name="LastTransfer">The last one completed since the daemon started.</param>
/// <param name="LastSyncAt">When the replica last had everything.</param>
/// <param name="CompletedRun">The last <see cref="MoverTask.Run"/> that was completed since the daemon started.</param>
public sealed record MoverReport(
    string State,
    string? Reason,
    string? NextStep,
    bool IsConnected,
    long? LagBytes,
    double? LagSeconds,
    long PrimaryNumber,
    long? ReplicaNumber,
    TransferStatus? Transfer,
    TransferStatus? LastTransfer,
    DateTimeOffset? LastSyncAt,
    DateTimeOffset? CompletedRun)
{
    /// <summary>What acknowledgements promise at present; null where the task asks nothing of them.</summary>
    public AckStanding? Acks { get; init; }

    /// <summary>How retries stand; null while all goes well.</summary>
    public RetryStatus? Retry { get; init; }

    /// <summary>The last few transfers that ended, well or not, oldest first; each stays the same object from report to report.</summary>
    public IReadOnlyList<EndedTransfer> Ended { get; init; } = [];
}

/// <summary>A transfer, or an attempt that came to none, that is over.</summary>
/// <param name="Transfer">What it did; one that was cut goes on from there with the next.</param>
/// <param name="Failure">Why it was not completed; null when it was.</param>
public sealed record EndedTransfer(TransferStatus Transfer, string? Failure);
