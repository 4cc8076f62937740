using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>A volume as its site's state shows it.</summary>
/// <param name="Id">A UUID with dashes.</param>
/// <param name="Name">May be empty, and need not be unique.</param>
/// <param name="Description">May be empty.</param>
/// <param name="SizeGib">Its size in GiB; grows when an extension is done.</param>
/// <param name="ProjectId">Whose it is.</param>
/// <param name="UserId">Who made it.</param>
/// <param name="TypeId">Its volume type.</param>
/// <param name="TypeName">The name of that type.</param>
/// <param name="SiteId">Its owner: the site of its current generation, or where it is to be made.</param>
/// <param name="SiteName">The owner's name, which is the availability zone.</param>
/// <param name="Backend">The backend at the owner; null until it is chosen. For administrators.</param>
/// <param name="Status">A word of <see cref="VolumeStatus"/>.</param>
/// <param name="ErrorReason">Why the last thing failed, and what to do; null when nothing did.</param>
/// <param name="Metadata">What its users noted.</param>
/// <param name="IsBootable">Cinder's flag; nothing in Skerry follows from it.</param>
/// <param name="SourceVolumeId">What it was cloned from.</param>
/// <param name="SourceSnapshotId">The snapshot it was made from.</param>
/// <param name="AllocatedBytes">Space that it takes at its owner when last measured; null before that. For administrators.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When anybody last changed what it should be.</param>
/// <param name="Primary">Who is primary by generation; null while it is being created.</param>
/// <param name="ReplicationStatus">Cinder's word for tenants; null when it is not replicated.</param>
/// <param name="Attachments">Who has it attached.</param>
/// <param name="OperationId">The unfinished operation that its status speaks of; null when there is none.</param>
/// <param name="IsEncrypted">Its blocks are encrypted where they are stored; chosen when it is made, for ever.</param>
public sealed record Volume(
    string Id,
    string Name,
    string Description,
    long SizeGib,
    string ProjectId,
    string? UserId,
    string TypeId,
    string TypeName,
    string SiteId,
    string SiteName,
    string? Backend,
    string Status,
    string? ErrorReason,
    IReadOnlyDictionary<string, string> Metadata,
    bool IsBootable,
    string? SourceVolumeId,
    string? SourceSnapshotId,
    long? AllocatedBytes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? UpdatedAt,
    PrimaryView? Primary,
    string? ReplicationStatus,
    IReadOnlyList<Attachment> Attachments,
    string? OperationId,
    bool IsEncrypted = false)
{
    public const long BytesPerGib = 1L << 30;

    public long SizeBytes => SizeGib * BytesPerGib;
}

/// <summary>Cinder's words for what a volume is doing.</summary>
public static class VolumeStatus
{
    public const string Creating = "creating";
    public const string Available = "available";

    /// <summary>Reserved for an attachment that is about to be made.</summary>
    public const string Attaching = "attaching";
    public const string InUse = "in-use";

    /// <summary>An attachment is about to be taken off.</summary>
    public const string Detaching = "detaching";
    public const string Extending = "extending";
    public const string Reverting = "reverting";
    public const string Deleting = "deleting";
    public const string Error = "error";
    public const string ErrorDeleting = "error_deleting";
    public const string ErrorExtending = "error_extending";
    public const string Maintenance = "maintenance";

    /// <summary>The words that an administrator may reset a volume to.</summary>
    public static IReadOnlyList<string> Resettable { get; } =
        [Available, Attaching, InUse, Detaching, Error, ErrorDeleting, ErrorExtending, Maintenance];
}

/// <summary>What to create.</summary>
public sealed record CreateVolumeRequest
{
    /// <summary>Up to 255 characters; empty when null.</summary>
    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>GiB, above zero. Null takes the size of the source; with a source it is at least the source's.</summary>
    public long? SizeGib { get; init; }

    /// <summary>Id or name of the type; null takes the default one.</summary>
    public string? Type { get; init; }

    /// <summary>Name or id of the site; null takes the source's site, or else the site that is asked.</summary>
    public string? Site { get; init; }

    /// <summary>Name of the backend at that site; null lets it choose. For administrators.</summary>
    public string? Backend { get; init; }

    public string? SourceVolumeId { get; init; }

    public string? SourceSnapshotId { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// Whether its blocks are encrypted where they are stored. Null takes what the source is, or else what the type says; a copy
    /// shares the blocks of its source, so it cannot differ from it.
    /// </summary>
    public bool? Encrypted { get; init; }

    /// <summary>The project to own it; null takes the actor's. Another one is for administrators.</summary>
    public string? ProjectId { get; init; }

    /// <summary>When the request expires if its site has not begun; null never.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>What to change; null leaves as it is.</summary>
public sealed record UpdateVolumeRequest
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Keys to set.</summary>
    public IReadOnlyDictionary<string, string>? SetMetadata { get; init; }

    /// <summary>Keys to take away; those that are not there are no error.</summary>
    public IReadOnlyCollection<string>? RemoveMetadata { get; init; }

    /// <summary>Takes away all keys before it sets.</summary>
    public bool ReplaceMetadata { get; init; }

    public bool? IsBootable { get; init; }
}

/// <summary>Which volumes to list; everything null lists all that the actor may see.</summary>
public sealed record VolumeFilter
{
    /// <summary>Volumes of every project; ignored unless the actor is an administrator.</summary>
    public bool AllProjects { get; init; }

    /// <summary>One project of all; ignored unless the actor is an administrator.</summary>
    public string? ProjectId { get; init; }

    /// <summary>The exact name.</summary>
    public string? Name { get; init; }

    public string? Status { get; init; }

    /// <summary>The owner, by name or id.</summary>
    public string? Site { get; init; }

    /// <summary>All of these keys must have these values.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public bool? IsBootable { get; init; }
}
