namespace Skerry.Client.Native.Wire;

/// <summary>A snapshot of a volume.</summary>
/// <param name="Name"><c>diverged-N</c> for what a resync set aside.</param>
/// <param name="Position">Where in the volume's history it stands, for a person. Administrators only.</param>
public sealed record SnapshotRecord(
    string Id,
    string VolumeId,
    string? Name,
    string? Description,
    long SizeGib,
    string Status,
    string? StatusReason,
    string? Site,
    string? Position,
    IReadOnlyDictionary<string, string>? Metadata,
    string? ProjectId,
    DateTimeOffset? CreatedAt);

public sealed record SnapshotReply(SnapshotRecord Snapshot, string? OperationId = null);

public sealed record SnapshotList(IReadOnlyList<SnapshotRecord> Snapshots, IReadOnlyList<PageLink>? Links = null);

public sealed record SnapshotCreateRequest(string? VolumeId, string? Name, string? Description);
