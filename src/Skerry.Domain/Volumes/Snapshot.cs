namespace Skerry.Domain.Volumes;

/// <summary>A read-only state of a volume that shares its blocks.</summary>
/// <param name="Id">A UUID with dashes, which is also its name in the block store.</param>
/// <param name="VolumeId">Of which volume.</param>
/// <param name="Name">May be empty; <c>diverged-N</c> for what a resync set aside.</param>
/// <param name="Description">May be empty.</param>
/// <param name="SizeGib">The volume's size when it was taken.</param>
/// <param name="ProjectId">Whose it is.</param>
/// <param name="UserId">Who asked for it.</param>
/// <param name="SiteId">The site that acts on it: its volume's primary where that has it, else one that does.</param>
/// <param name="SiteName">That site's name.</param>
/// <param name="Status">creating, available, deleting, error or error_deleting.</param>
/// <param name="ErrorReason">Why the last thing failed.</param>
/// <param name="Metadata">What its users noted.</param>
/// <param name="Position">Where in the volume's history it stands, for a person: generation, run and number. For administrators.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When anybody last changed it.</param>
/// <param name="OperationId">The unfinished operation that its status speaks of.</param>
public sealed record Snapshot(
    string Id,
    string VolumeId,
    string Name,
    string Description,
    long SizeGib,
    string ProjectId,
    string? UserId,
    string SiteId,
    string SiteName,
    string Status,
    string? ErrorReason,
    IReadOnlyDictionary<string, string> Metadata,
    string? Position,
    DateTimeOffset CreatedAt,
    DateTimeOffset? UpdatedAt,
    string? OperationId)
{
    /// <summary>The sites that said that they have it, by name; under one id it is one state everywhere. For administrators.</summary>
    public IReadOnlyList<SnapshotPlace> Places { get; init; } = [];

    /// <summary>
    /// When it was deleted at the primary, while a replica keeps it for as long as its retention says; null when it was not.
    /// </summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>True for the state of a past run that a replication keeps. Tenants do not see it.</summary>
    public bool IsOfRun { get; init; }
}

/// <summary>A site that has a snapshot.</summary>
public sealed record SnapshotPlace(string SiteId, string SiteName);

/// <summary>What to take a snapshot of.</summary>
public sealed record CreateSnapshotRequest(string VolumeId)
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Which snapshots to list.</summary>
public sealed record SnapshotFilter
{
    /// <summary>Snapshots of every project; ignored unless the actor is an administrator.</summary>
    public bool AllProjects { get; init; }

    public string? VolumeId { get; init; }

    public string? Name { get; init; }

    public string? Status { get; init; }
}
