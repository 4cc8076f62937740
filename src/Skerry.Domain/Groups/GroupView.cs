using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Groups;

/// <summary>A group as a site knows it now.</summary>
/// <param name="Id">UUID with dashes.</param>
/// <param name="Name">For people.</param>
/// <param name="PrimarySite">The site that is primary of all members, as a site id; null when they are not at one.</param>
/// <param name="ReplicaSite">The site that holds the replicas of all members now; null when they are not at one, or not replicated.</param>
/// <param name="HomeSite">Where failback brings them; null before the group is replicated.</param>
/// <param name="TargetSite">Where the group is replicated to; null before it is.</param>
/// <param name="Mode">One of <see cref="ReplicationModes"/>.</param>
/// <param name="IntervalSeconds">Between two runs, in periodic mode.</param>
/// <param name="StartAt">The first run, in periodic mode.</param>
/// <param name="OnReturn">One of <see cref="ReturnPolicies"/>.</param>
/// <param name="CutIntervalSeconds">Between two cuts, in instant mode.</param>
/// <param name="Status">The word of the member that is furthest from whole, one of <see cref="ReplicationWords"/>.</param>
/// <param name="Reason">Why, where the word alone does not say it; names the member.</param>
/// <param name="NextStep">What helps.</param>
/// <param name="RecoveryPoint">The newest cut that all members have; null when there is none.</param>
/// <param name="PointReason">Why there is none.</param>
/// <param name="PointKnownAt">When what is said of the recovery point was true.</param>
/// <param name="Cuts">What the primary's site last said of its cuts.</param>
/// <param name="Members">By volume id.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record GroupView(
    string Id, string Name, string? PrimarySite, string? ReplicaSite, string? HomeSite, string? TargetSite, string Mode, long? IntervalSeconds,
    DateTimeOffset? StartAt, string OnReturn, long CutIntervalSeconds, string Status, string? Reason, string? NextStep, Cut? RecoveryPoint,
    string? PointReason, DateTimeOffset? PointKnownAt, CutStatus? Cuts, IReadOnlyList<GroupMemberView> Members, DateTimeOffset CreatedAt)
{
    /// <summary>The cuts that all members keep, the newest first: the group can be promoted or drilled at any.</summary>
    public IReadOnlyList<Cut> RecoveryPoints { get; init; } = [];

    /// <summary>How long the states of past runs of members are kept at their source; null where nothing was said.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replicas.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>What is added to the time of a cut, which is by the primary's clock, to have it by this site's, or earlier.</summary>
    public TimeSpan ClockAhead { get; init; }
}

/// <summary>A volume of a group.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="VolumeName">Its name now.</param>
/// <param name="ReplicationId">What carries it; null when it is not replicated with the group yet.</param>
/// <param name="PrimarySite">The site that is primary, as a site id; null while nobody is.</param>
/// <param name="Status">The word of its replication.</param>
/// <param name="Reason">Why.</param>
public sealed record GroupMemberView(
    string VolumeId, string? VolumeName, string? ReplicationId, string? PrimarySite, string Status, string? Reason);

/// <summary>A wish to replicate a group.</summary>
/// <param name="TargetSite">A site's name or id.</param>
/// <param name="TargetBackend">A backend there; null for what each member's replication would choose.</param>
/// <param name="Mode">One of <see cref="ReplicationModes"/>.</param>
/// <param name="IntervalSeconds">In periodic mode.</param>
/// <param name="StartAt">The first run, in periodic mode; null for at once.</param>
/// <param name="OnReturn">One of <see cref="ReturnPolicies"/>.</param>
/// <param name="CutIntervalSeconds">Between two cuts in instant mode, 1 to 3600; null for 5.</param>
public sealed record ReplicateGroupRequest(
    string TargetSite, string? TargetBackend, string Mode, long? IntervalSeconds = null, DateTimeOffset? StartAt = null,
    string OnReturn = ReturnPolicies.Resync, long? CutIntervalSeconds = null)
{
    /// <summary>How long to keep the states of past runs of all members at their source, as <see cref="Retention"/> reads it; null leaves as it is.</summary>
    public string? KeepSource { get; init; }

    /// <summary>The same at the replicas.</summary>
    public string? KeepTarget { get; init; }
}

/// <summary>A wish to move a group's primary.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="ToSite">A site's name or id; null for the site of the replicas, or for a failback the home.</param>
/// <param name="IsForced">Without the old primary's consent, at the group's recovery point.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them; planned moves only.</param>
/// <param name="AllowMissing">Promote members without the group's recovery point as they are; forced moves only.</param>
public sealed record GroupMoveRequest(
    string GroupId, string? ToSite = null, bool IsForced = false, bool Drain = false, bool AllowMissing = false)
{
    /// <summary>Forced moves only: the site's fence command is not run, and the operation records that it was not.</summary>
    public bool WithoutFence { get; init; }

    /// <summary>Forced moves only: the cut to promote at, one that all replicas keep; null for the newest.</summary>
    public string? CutId { get; init; }
}

/// <summary>What a move of a group would do, told before it is done.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="FromSite">The site of its primaries, as a site id; empty when they are not at one.</param>
/// <param name="ToSite">Where they would go.</param>
/// <param name="IsForced">A planned move loses nothing.</param>
/// <param name="RecoveryPoint">Forced: the cut that all members would return to.</param>
/// <param name="SecondsSinceCut">How old that is.</param>
/// <param name="OwedBytesAtLeast">What the primaries owed when last heard, in all; null when one is not known.</param>
/// <param name="Members">What would happen to each.</param>
/// <param name="Refusal">Why it would be refused now; null when it would be carried out.</param>
/// <param name="Loss">What it may lose, in a sentence.</param>
public sealed record GroupPreview(
    string GroupId, string FromSite, string ToSite, bool IsForced, Cut? RecoveryPoint, double? SecondsSinceCut, long? OwedBytesAtLeast,
    IReadOnlyList<FailoverPreview> Members, Refusal? Refusal, string Loss);

/// <summary>The operation that moves a group; follow it as any operation. Its result is a <see cref="MoveReport"/>.</summary>
/// <param name="OperationId">Its id; null when there was nothing to do.</param>
/// <param name="GroupId">The group.</param>
/// <param name="Site">The site that carries it out, as a site id.</param>
/// <param name="Preview">What it may lose, as it was known when it was asked for.</param>
public sealed record GroupTicket(string? OperationId, string GroupId, string Site, GroupPreview Preview);
