namespace Skerry.Client.Native.Wire;

/// <summary>A replica that outlived its volume, or its replication.</summary>
/// <param name="Id">The replication's id.</param>
/// <param name="VolumeGone">False when the volume lives on: the replica then comes back under another id.</param>
/// <param name="PurgeAt">When it is taken away for good.</param>
public sealed record TrashRecord(
    string Id,
    string VolumeId,
    string? VolumeName,
    long SizeGib,
    string Site,
    string Backend,
    bool VolumeGone,
    DateTimeOffset DeletedAt,
    DateTimeOffset PurgeAt,
    RecoveryPointRecord? RecoveryPoint);

public sealed record TrashList(IReadOnlyList<TrashRecord> Trash, IReadOnlyList<PageLink>? Links = null);

/// <summary>Asks for a replica back.</summary>
/// <param name="Name">The volume's name; null for the one it had.</param>
public sealed record TrashRestoreRequest(string? Name);
