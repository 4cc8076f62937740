namespace Skerry.Client.Native.Wire;

/// <summary>A snapshot of a volume.</summary>
/// <param name="IsDiverged">True when it keeps what a former primary wrote after the fork, until a person drops it.</param>
public sealed record SnapshotRecord(
    string Id,
    string VolumeId,
    string? Name,
    string? Description,
    long SizeGib,
    string Status,
    string? StatusReason,
    string? Site,
    bool IsDiverged,
    string? ProjectId,
    DateTimeOffset? CreatedAt);

public sealed record SnapshotReply(SnapshotRecord Snapshot, string? OperationId = null);

public sealed record SnapshotList(IReadOnlyList<SnapshotRecord> Snapshots, IReadOnlyList<PageLink>? Links = null);

public sealed record SnapshotCreateRequest(string? VolumeId, string? Name, string? Description);
