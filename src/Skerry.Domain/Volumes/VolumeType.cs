namespace Skerry.Domain.Volumes;

/// <summary>A kind of volume that people choose by name; it decides which backends may hold it.</summary>
/// <param name="Id">A UUID with dashes.</param>
/// <param name="Name">Unique.</param>
/// <param name="Description">May be empty.</param>
/// <param name="IsPublic">Every project may use it; the only sort there is so far.</param>
/// <param name="Specs">
/// <c>driver</c>: the driver that a backend must have; <c>volume_backend_name</c>: the backend's name. For administrators.
/// </param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Encryption">Volumes of it are encrypted where they are stored; null when they are not. For administrators.</param>
public sealed record VolumeType(
    string Id, string Name, string Description, bool IsPublic, IReadOnlyDictionary<string, string> Specs, DateTimeOffset CreatedAt,
    VolumeTypeEncryption? Encryption = null)
{
    /// <summary>The <see cref="QosSpec"/> that its volumes are held to; null for none. For administrators.</summary>
    public string? QosSpecsId { get; init; }
}

/// <summary>
/// That volumes of a type are encrypted. There is one way: AES-256-GCM, by the site that holds the volume; clients see plain blocks.
/// </summary>
/// <param name="Id">A UUID with dashes, by which clients take it away.</param>
/// <param name="Provider">The name that clients gave it; nothing follows from it.</param>
/// <param name="CreatedAt">When it was set.</param>
public sealed record VolumeTypeEncryption(string Id, string Provider, DateTimeOffset CreatedAt)
{
    public const string Cipher = "aes-gcm";
    public const int KeySizeBits = 256;

    /// <summary>Cinder's word for encryption at the side of the storage.</summary>
    public const string ControlLocation = "back-end";
}

/// <summary>What type to make.</summary>
public sealed record CreateVolumeTypeRequest(string Name)
{
    public string? Description { get; init; }

    public IReadOnlyDictionary<string, string>? Specs { get; init; }
}

/// <summary>What to change of a type; null leaves as it is.</summary>
public sealed record UpdateVolumeTypeRequest
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Specs to set. Volumes that are there already stay where they are.</summary>
    public IReadOnlyDictionary<string, string>? SetSpecs { get; init; }

    /// <summary>Keys of specs to take away; those that are not there are no error.</summary>
    public IReadOnlyCollection<string>? RemoveSpecs { get; init; }
}
