namespace Skerry.Client.Native.Wire;

/// <summary>Something that happened at the site that is asked. What the kind has no use for is null.</summary>
/// <param name="Id">The same each time that the same thing is told: of two with one id, one can be dropped.</param>
/// <param name="Sequence">Counts the events of this site's journal from 1; 0 for a transfer, which is kept apart.</param>
/// <param name="Kind">volume.promoted, volume.demoted, volume.diverged, volume.split_brain, replication.runs_missed, replication.behind, replication.caught_up, replication.transfer, group.failover, site.failover, alert.raised, alert.cleared, conflict.arisen or conflict.settled.</param>
/// <param name="At">When the site noticed, by its clock.</param>
/// <param name="Message">What happened, in a sentence.</param>
public sealed record EventRecord(string Id, long Sequence, string Kind, DateTimeOffset At, string Message)
{
    /// <summary>The name of the site whose journal this is from.</summary>
    public string? Site { get; init; }

    public string? VolumeId { get; init; }

    /// <summary>As it was then.</summary>
    public string? VolumeName { get; init; }

    /// <summary>The generation that made the difference; of a divergence the one in which was written apart.</summary>
    public long? Generation { get; init; }

    /// <summary>Of a role change: planned, failback, forced, automatic or restored.</summary>
    public string? Cause { get; init; }

    /// <summary>The site that was primary, or that was moved away from; null for nobody, or several.</summary>
    public string? FromSite { get; init; }

    /// <summary>The site that is primary now, or that was moved to; null for nobody, or several.</summary>
    public string? ToSite { get; init; }

    /// <summary>The last write that both have.</summary>
    public long? ForkNumber { get; init; }

    /// <summary>What keeps what was written apart; null while nothing was set aside.</summary>
    public string? SnapshotId { get; init; }

    public string? ReplicationId { get; init; }

    /// <summary>Since the last such event.</summary>
    public long? MissedRuns { get; init; }

    /// <summary>Since the replication was made.</summary>
    public long? MissedRunsTotal { get; init; }

    /// <summary>The newest of them was planned before this.</summary>
    public DateTimeOffset? MissedUpTo { get; init; }

    /// <summary>At which end of the replication the site is: source or target.</summary>
    public string? Side { get; init; }

    /// <summary>At a source the age of the oldest write that the replica lacks, at a target that of the newest state that it can be promoted to.</summary>
    public double? LagSeconds { get; init; }

    public long? LagBytes { get; init; }

    /// <summary>Of a transfer: first-copy, catch-up, resync, adopt, or attempt for one that came to none.</summary>
    public string? TransferKind { get; init; }

    public long? MovedBytes { get; init; }

    public double? DurationSeconds { get; init; }

    public string? GroupId { get; init; }

    public string? GroupName { get; init; }

    public string? OperationId { get; init; }

    /// <summary>What the operation came to; of a transfer done or failed.</summary>
    public string? Status { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Reason { get; init; }

    public bool? Forced { get; init; }

    public int? VolumesMoved { get; init; }

    public int? VolumesFailed { get; init; }

    public int? VolumesSkipped { get; init; }

    /// <summary>The alert that came or went.</summary>
    public string? AlertId { get; init; }

    /// <summary>The conflict that arose or was settled.</summary>
    public string? ConflictId { get; init; }
}

public sealed record EventList(IReadOnlyList<EventRecord> Events, IReadOnlyList<PageLink>? Links = null);
