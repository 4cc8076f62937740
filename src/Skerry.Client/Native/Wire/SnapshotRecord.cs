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
    DateTimeOffset? CreatedAt)
{
    /// <summary>Names of the sites that have it; under one id it is one state everywhere. Administrators only.</summary>
    public IReadOnlyList<string>? Sites { get; init; }

    /// <summary>When it was deleted at the primary, while a replica keeps it for as long as its retention says.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }
}

/// <summary>Where a snapshot differs from its volume, or from another snapshot of it; a part, where there is more.</summary>
/// <param name="Against">Id of the other snapshot; null for the volume as it is at the site that answers.</param>
/// <param name="NextOffsetBytes">Where to go on; null when there is no more.</param>
public sealed record SnapshotDiffReply(
    string SnapshotId, string? Against, long SizeBytes, IReadOnlyList<SnapshotRangeRecord> Ranges, long? NextOffsetBytes);

public sealed record SnapshotRangeRecord(long OffsetBytes, long LengthBytes);

public sealed record SnapshotReply(SnapshotRecord Snapshot, string? OperationId = null);

public sealed record SnapshotList(IReadOnlyList<SnapshotRecord> Snapshots, IReadOnlyList<PageLink>? Links = null);

public sealed record SnapshotCreateRequest(string? VolumeId, string? Name, string? Description);
