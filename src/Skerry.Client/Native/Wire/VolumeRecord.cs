namespace Skerry.Client.Native.Wire;

/// <summary>A volume as the asked site knows it.</summary>
/// <param name="Status">As block storage has it: creating, available, in-use, extending, deleting, error …</param>
/// <param name="StatusReason">Why, when the status needs a reason.</param>
/// <param name="Site">The name of the site that holds it, which is its availability zone.</param>
/// <param name="Backend">Administrators only.</param>
/// <param name="ReplicationStatus">In the seed's words where it has one: <c>active - primary</c>, <c>active - updating</c>, <c>active - secondary</c>; else plain words; null when not replicated.</param>
/// <param name="Generation">The current generation's number. Administrators only.</param>
/// <param name="AllocatedBytes">What it takes on the backend, as last measured. Administrators only.</param>
/// <param name="Encrypted">Whether its blocks are encrypted where they are stored.</param>
public sealed record VolumeRecord(
    string Id,
    string? Name,
    string? Description,
    long SizeGib,
    string Status,
    string? StatusReason,
    string? Type,
    string? Site,
    string? Backend,
    string? ReplicationStatus,
    long? Generation,
    long? AllocatedBytes,
    string? ProjectId,
    string? UserId,
    string? SourceVolumeId,
    string? SnapshotId,
    IReadOnlyDictionary<string, string>? Metadata,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt,
    bool Encrypted = false);

/// <param name="OperationId">The operation that carries the request out, when it is not yet done.</param>
public sealed record VolumeReply(VolumeRecord Volume, string? OperationId = null);

public sealed record VolumeList(IReadOnlyList<VolumeRecord> Volumes, IReadOnlyList<PageLink>? Links = null);

/// <param name="Encrypted">Whether its blocks are encrypted where they are stored; null takes what the source is, or the type says.</param>
public sealed record VolumeCreateRequest(
    string? Name,
    string? Description,
    long? SizeGib,
    string? Type,
    string? Site,
    string? SourceVolumeId,
    string? SnapshotId,
    IReadOnlyDictionary<string, string>? Metadata,
    bool? Encrypted = null);

/// <summary>What to change; a null leaves the value as it is. Metadata replaces all metadata.</summary>
public sealed record VolumeUpdateRequest(string? Name, string? Description, IReadOnlyDictionary<string, string>? Metadata);

public sealed record VolumeExtendRequest(long? SizeGib);

/// <param name="SnapshotId">Id of one of the volume's snapshots.</param>
public sealed record VolumeRevertRequest(string? SnapshotId);

/// <param name="Site">Name or id of a site that holds a copy; null for the one that holds the volume.</param>
public sealed record VolumeCheckRequest(string? Site);

/// <summary>The result of an operation <c>volume.check</c>.</summary>
/// <param name="VerifiedBytes">Read and proved, each place once.</param>
/// <param name="BadBytes">Could not be read as they were written, of the volume and of each snapshot.</param>
/// <param name="HealedBytes">Of these, what was put back from another copy.</param>
/// <param name="BadRanges">Where; at most 1000.</param>
public sealed record VolumeCheckResult(long VerifiedBytes, long BadBytes, long HealedBytes, IReadOnlyList<BadRangeRecord> BadRanges);

/// <summary>A range that could not be read as it was written.</summary>
/// <param name="SnapshotId">Null for the volume itself.</param>
public sealed record BadRangeRecord(string? SnapshotId, long OffsetBytes, long LengthBytes, bool IsHealed);

/// <param name="Site">Name or id of a site that holds a copy; null for the one that holds the volume.</param>
public sealed record VolumeUsageRequest(string? Site);

/// <summary>The result of an operation <c>volume.usage</c>: what a volume takes at one site.</summary>
/// <param name="AllocatedBytes">What the volume itself has stored, shared or not.</param>
/// <param name="ExclusiveBytes">What deleting it with all its snapshots would give back.</param>
/// <param name="SharedBytes">What it, or a snapshot of it, uses and other volumes use too.</param>
/// <param name="HeadBytes">Of the exclusive bytes, what no snapshot of it uses either.</param>
/// <param name="Snapshots">Its snapshots, the oldest first.</param>
/// <param name="IsComplete">False when damage hides a part of what is in use.</param>
public sealed record VolumeUsageResult(
    long AllocatedBytes, long ExclusiveBytes, long SharedBytes, long HeadBytes, IReadOnlyList<SnapshotUsageRecord> Snapshots, bool IsComplete);

/// <param name="ExclusiveBytes">What deleting it alone would give back.</param>
public sealed record SnapshotUsageRecord(string Id, long ExclusiveBytes);

/// <summary>The way to a volume's blocks, open until it is disconnected.</summary>
/// <param name="ClientName">The common name of the one client's certificate that it is for; null for whoever has the URI.</param>
/// <param name="Uri">With the secret export name; only in the reply that makes the connection, and kept nowhere.</param>
public sealed record ConnectionRecord(
    string Id, string VolumeId, string? SnapshotId, string? Site, bool ReadOnly, string? HostNote, string? Uri, DateTimeOffset? CreatedAt,
    string? ClientName = null);

public sealed record ConnectionReply(ConnectionRecord Connection);

public sealed record ConnectionList(IReadOnlyList<ConnectionRecord> Connections, IReadOnlyList<PageLink>? Links = null);

/// <param name="HostNote">Free text that tells people who is connected.</param>
/// <param name="ClientName">Only a client whose certificate bears this common name may use it.</param>
public sealed record ConnectRequest(bool? ReadOnly, string? HostNote, string? ClientName = null);
