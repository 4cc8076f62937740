namespace Skerry.Domain.Volumes;

/// <summary>Leave for one client to open a volume, or a snapshot read-only, over NBD. Its secret is known to that client alone.</summary>
/// <param name="Id">Names the connection in lists and at disconnect; opens nothing.</param>
/// <param name="VolumeId">Which volume.</param>
/// <param name="SnapshotId">Which snapshot of it; null for the volume itself.</param>
/// <param name="SiteId">The site that serves it.</param>
/// <param name="ReadOnly">True for snapshots, and where it was asked so.</param>
/// <param name="HostNote">Who said that it connects, as it said so.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Connection(
    string Id, string VolumeId, string? SnapshotId, string SiteId, bool ReadOnly, string? HostNote, DateTimeOffset CreatedAt)
{
    /// <summary>
    /// The common name that a client's certificate must bear; null for whoever has the secret. Such a client may also name the
    /// connection by its id, and finds it in the server's list.
    /// </summary>
    public string? ClientName { get; init; }
}

/// <summary>A connection that was just made, with the secret that is told only now.</summary>
/// <param name="Connection">What was made.</param>
/// <param name="Uri"><c>nbd://host:port/export-name</c>, or <c>nbds://</c> where the site wants TLS.</param>
/// <param name="Host">Where the export is served.</param>
/// <param name="Port">Where the export is served.</param>
/// <param name="ExportName">Holds the secret.</param>
public sealed record ConnectionGrant(Connection Connection, string Uri, string Host, int Port, string ExportName);

/// <summary>What to connect.</summary>
public sealed record ConnectRequest(string VolumeId)
{
    /// <summary>A snapshot of the volume; such a connection is read-only.</summary>
    public string? SnapshotId { get; init; }

    public bool ReadOnly { get; init; }

    public string? HostNote { get; init; }

    /// <summary>As <see cref="Connection.ClientName"/>.</summary>
    public string? ClientName { get; init; }
}

/// <summary>A volume in the hands of a machine, as OpenStack keeps the books.</summary>
/// <param name="Id">A UUID with dashes.</param>
/// <param name="VolumeId">Which volume.</param>
/// <param name="InstanceId">The instance that has it; null for a host.</param>
/// <param name="HostName">The host that has it.</param>
/// <param name="MountPoint">The device's name there.</param>
/// <param name="ReadOnly">Attached for reading only.</param>
/// <param name="AttachedAt">Since when.</param>
public sealed record Attachment(
    string Id, string VolumeId, string? InstanceId, string? HostName, string? MountPoint, bool ReadOnly, DateTimeOffset AttachedAt);

/// <summary>Who attaches a volume.</summary>
public sealed record AttachRequest(string VolumeId)
{
    public string? InstanceId { get; init; }

    public string? HostName { get; init; }

    public string? MountPoint { get; init; }

    public bool ReadOnly { get; init; }
}
