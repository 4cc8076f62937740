namespace Skerry.Client.Native.Wire;

/// <summary>A consistency group: volumes that are cut at one instant and recovered at one.</summary>
/// <param name="Status">The word of the member that is furthest from whole.</param>
/// <param name="Reason">Why, where the word alone does not say it; names the member.</param>
/// <param name="NextStep">What helps.</param>
/// <param name="PrimarySite">The site that is primary of all members; null when they are not at one.</param>
/// <param name="ReplicaSite">The site that holds all replicas now; null when they are not at one.</param>
/// <param name="HomeSite">Where failback brings them.</param>
/// <param name="TargetSite">Where the group is replicated to; null before it is.</param>
/// <param name="CutIntervalSeconds">Between two cuts, in instant mode.</param>
/// <param name="RecoveryPoint">The newest cut that all members have; null when there is none.</param>
/// <param name="RecoveryPointReason">Why there is none.</param>
/// <param name="LastCut">What the primary's site last said of its cuts.</param>
public sealed record GroupRecord(
    string Id,
    string Name,
    string Status,
    string? Reason,
    string? NextStep,
    string? PrimarySite,
    string? ReplicaSite,
    string? HomeSite,
    string? TargetSite,
    string Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    string OnReturn,
    long CutIntervalSeconds,
    GroupPointRecord? RecoveryPoint,
    string? RecoveryPointReason,
    GroupCutRecord? LastCut,
    IReadOnlyList<GroupMemberRecord> Members,
    DateTimeOffset CreatedAt)
{
    /// <summary>How long the states of past runs are kept at the source, as count=24,age=7d; null where nothing was said.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replicas.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>The cuts that all replicas keep, the newest first: the group can be promoted by force, or drilled, at any.</summary>
    public IReadOnlyList<GroupPointRecord> RecoveryPoints { get; init; } = [];
}

/// <summary>The instant that a group can be recovered at.</summary>
/// <param name="CutId">Its name.</param>
/// <param name="TakenAt">When it was, by the primary's clock.</param>
/// <param name="AgeSeconds">How old it is, by the clock of the site that answered.</param>
/// <param name="KnownAt">When what is said here was true.</param>
public sealed record GroupPointRecord(string CutId, DateTimeOffset TakenAt, double AgeSeconds, DateTimeOffset? KnownAt);

/// <summary>What the primary's site last said of its cuts.</summary>
/// <param name="At">When it said so.</param>
/// <param name="CutId">The newest that was taken; null when none was.</param>
/// <param name="HeldMicroseconds">For how long it held the members' writes.</param>
/// <param name="Reason">Why none is taken now, or why the last one becomes no recovery point; null while all is well.</param>
public sealed record GroupCutRecord(DateTimeOffset At, string? CutId, long? HeldMicroseconds, string? Reason);

/// <summary>A volume of a group.</summary>
/// <param name="ReplicationId">What carries it; null when it is not replicated with the group yet.</param>
/// <param name="PrimarySite">The site that is primary; null while nobody is.</param>
public sealed record GroupMemberRecord(
    string VolumeId, string? VolumeName, string? ReplicationId, string? PrimarySite, string Status, string? Reason);

public sealed record GroupReply(GroupRecord Group);

public sealed record GroupList(IReadOnlyList<GroupRecord> Groups, IReadOnlyList<PageLink>? Links);

/// <param name="Name">Of the group; the cloud has one of a name.</param>
/// <param name="VolumeIds">Its first members; null for none.</param>
public sealed record GroupCreateRequest(string Name, IReadOnlyList<string>? VolumeIds);

/// <summary>Asks to replicate all members of a group; what is null takes the same defaults as a replication.</summary>
/// <param name="CutIntervalSeconds">In instant mode, 1 to 3600; null for 5.</param>
public sealed record GroupReplicateRequest(
    string TargetSite, string? TargetBackend, string? Mode, long? IntervalSeconds, DateTimeOffset? StartAt, string? OnReturn,
    long? CutIntervalSeconds)
{
    /// <summary>How long to keep the states of past runs of all volumes at their source: count=24,age=7d, either alone, or none; null leaves as it is.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replicas.</summary>
    public string? KeepTarget { get; init; }
}

/// <summary>Asks to move a group's primary.</summary>
/// <param name="To">Name or id of the site; null for the site of the replicas, or for a failback the home.</param>
/// <param name="Force">Without the old primary's consent, at the group's recovery point.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them; planned moves only.</param>
/// <param name="AllowMissing">Promote members without the group's recovery point as they are; forced moves only.</param>
public sealed record GroupRecoveryRequest(string? To, bool? Force, bool? Drain, bool? AllowMissing)
{
    /// <summary>With force only: the site's fence command is not run, and the operation records that it was not.</summary>
    public bool? NoFence { get; init; }

    /// <summary>With force only: the cut to promote at; null for the newest that all replicas have.</summary>
    public string? CutId { get; init; }
}

/// <summary>What a move of a group would do if it were asked for now.</summary>
/// <param name="LossSeconds">The age of the cut that all members would return to; 0 for a planned move.</param>
/// <param name="LossBytes">What the primaries owed when last heard, at least.</param>
/// <param name="Refusal">Why it would be refused; null when it would be accepted.</param>
public sealed record GroupPreviewRecord(
    string GroupId, string? FromSite, string? ToSite, bool Forced, GroupPointRecord? RecoveryPoint, double? LossSeconds, long? LossBytes,
    string Summary, IReadOnlyList<RecoveryPreviewRecord> Members, ErrorRecord? Refusal);

public sealed record GroupPreviewReply(GroupPreviewRecord Preview);

/// <summary>What was accepted.</summary>
/// <param name="OperationId">Its result is a move report, also while it runs; null when there was nothing to do.</param>
public sealed record GroupRecoveryReply(string GroupId, string? OperationId, string Site, GroupPreviewRecord Preview);
