namespace Skerry.Client.Native.Wire;

/// <summary>A failover that is only tried: a clone of a replica, with an id of its own, that takes writes.</summary>
/// <param name="Id">The clone's volume id; connect to it at its site.</param>
/// <param name="VolumeId">The volume that it is a drill of.</param>
/// <param name="Status">creating, available, error …</param>
/// <param name="RecoveryPoint">The state that it began with, or an earlier one whose time is known.</param>
/// <param name="EndsAt">When it is dropped by itself.</param>
public sealed record DrillRecord(
    string Id,
    string VolumeId,
    string? VolumeName,
    string Site,
    string Status,
    string? Reason,
    RecoveryPointRecord? RecoveryPoint,
    long? Number,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    string MadeBy)
{
    /// <summary>The drill of a group that it is part of, and is dropped with; null when it is one of its own.</summary>
    public string? GroupDrillId { get; init; }
}

public sealed record DrillReply(DrillRecord Drill, string? OperationId = null);

public sealed record DrillList(IReadOnlyList<DrillRecord> Drills, IReadOnlyList<PageLink>? Links = null);

/// <summary>Asks for a drill.</summary>
/// <param name="Site">Name or id of the replica's site; null where there is only one.</param>
/// <param name="LimitSeconds">After how long it is dropped by itself; null for a day.</param>
public sealed record DrillStartRequest(string? Site, long? LimitSeconds);

/// <summary>A failover of a group that is only tried: a clone of each replica, all at one cut, dropped together.</summary>
/// <param name="Status">Never better than the worst of its clones.</param>
/// <param name="CutId">The cut that the clones are of; null before it is chosen.</param>
/// <param name="CutAt">When that was, by the primary's clock.</param>
/// <param name="EndsAt">When it is dropped by itself.</param>
/// <param name="Drills">A drill of each volume; connect to each by its id.</param>
public sealed record GroupDrillRecord(
    string Id,
    string GroupId,
    string GroupName,
    string Site,
    string Status,
    string? Reason,
    string? CutId,
    DateTimeOffset? CutAt,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    string MadeBy,
    IReadOnlyList<DrillRecord> Drills);

public sealed record GroupDrillReply(GroupDrillRecord Drill, string? OperationId = null);

public sealed record GroupDrillList(IReadOnlyList<GroupDrillRecord> Drills, IReadOnlyList<PageLink>? Links = null);

/// <summary>Asks for a drill of a group.</summary>
/// <param name="CutId">One of the group's recovery points; null for the newest.</param>
/// <param name="LimitSeconds">After how long it is dropped by itself; null for a day.</param>
public sealed record GroupDrillStartRequest(string? CutId, long? LimitSeconds);
