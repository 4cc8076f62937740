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
    string MadeBy);

public sealed record DrillReply(DrillRecord Drill, string? OperationId = null);

public sealed record DrillList(IReadOnlyList<DrillRecord> Drills, IReadOnlyList<PageLink>? Links = null);

/// <summary>Asks for a drill.</summary>
/// <param name="Site">Name or id of the replica's site; null where there is only one.</param>
/// <param name="LimitSeconds">After how long it is dropped by itself; null for a day.</param>
public sealed record DrillStartRequest(string? Site, long? LimitSeconds);
