namespace Skerry.Domain.Volumes;

/// <summary>Keeps the volumes of one backend at this site.</summary>
/// <remarks>
/// <para>Volumes and snapshots are named by their ids. A call that returns has made its effect durable.</para>
/// <para>
/// Every call is idempotent: called again after a crash at any instant, with the same arguments, it completes what was begun or
/// finds it done. Calls for different volumes may overlap; for one volume the caller makes them one after the other, save
/// <see cref="FenceAsync"/>, which may come at any time.
/// </para>
/// <para>What cannot be done is a <see cref="DriverException"/> whose kind says why. Cancelling leaves nothing half visible.</para>
/// <para>A driver never deletes, opens or fences on its own account: it is told to.</para>
/// </remarks>
public interface IVolumeDriver
{
    /// <summary>The backend's name in the configuration.</summary>
    string Backend { get; }

    /// <summary>The driver's name in the configuration: <c>native</c> ….</summary>
    string DriverName { get; }

    DriverCapabilities Capabilities { get; }

    /// <summary>The keys of the encrypted volumes; null when the driver cannot encrypt.</summary>
    IVolumeKeys? Keys => null;

    /// <summary>The space of the backend now.</summary>
    /// <exception cref="DriverException">The backend cannot be reached, or fails.</exception>
    ValueTask<BackendSpace> MeasureAsync(CancellationToken cancellationToken);

    /// <summary>Whether the backend holds a volume of that id, as a primary or a replica. Answers from memory.</summary>
    bool Holds(string volumeId);

    /// <summary>What the backend holds now: primaries, replicas and whatever was left behind, in order of id.</summary>
    ValueTask<IReadOnlyList<LocalVolume>> ListLocalAsync(CancellationToken cancellationToken);

    /// <summary>The volume as <see cref="ListLocalAsync"/> has it; null when it is not there.</summary>
    async ValueTask<LocalVolume?> FindLocalAsync(string volumeId, CancellationToken cancellationToken) =>
        (await ListLocalAsync(cancellationToken)).FirstOrDefault(local => local.VolumeId == volumeId);

    /// <summary>
    /// Makes a volume, empty or with the content that its source has now. It takes no writes until
    /// <see cref="OpenForWritingAsync"/>. A volume of that id and size that is there already is the same volume.
    /// </summary>
    /// <exception cref="DriverException">NoSpace; NotFound for a source; Mismatch for a volume of that id but another size.</exception>
    ValueTask CreateAsync(NewVolume volume, CancellationToken cancellationToken);

    /// <summary>Fences and takes away the volume with its snapshots. One that is not there is no error.</summary>
    ValueTask DeleteAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>Grows the volume while it is in use. A volume of that size or larger is left as it is.</summary>
    /// <exception cref="DriverException">NotFound; NoSpace.</exception>
    ValueTask ExtendAsync(string volumeId, long sizeBytes, CancellationToken cancellationToken);

    /// <summary>Keeps the present state: every write that was acknowledged before the call is in it.</summary>
    /// <returns>The position in the volume's history, for a person.</returns>
    /// <exception cref="DriverException">NotFound; NoSpace.</exception>
    ValueTask<string> CreateSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken);

    /// <summary>Takes a snapshot away. One that is not there is no error.</summary>
    ValueTask DeleteSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken);

    /// <summary>
    /// Closes every export of the volume and gives it the content of its snapshot. Its size stays: beyond the snapshot's end it is zeroes.
    /// One that took writes takes them again, in the same generation. Called again it takes back what was written in between: the caller
    /// sees to it that nothing is.
    /// </summary>
    /// <exception cref="DriverException">NotFound; NoSpace.</exception>
    ValueTask RevertAsync(string volumeId, string snapshotId, CancellationToken cancellationToken);

    /// <summary>
    /// Lets the volume take writes, as this generation. Open already in this generation is done; open in a lower one begins a new
    /// run. A lower generation than the volume has had is refused.
    /// </summary>
    /// <exception cref="DriverException">NotFound; Mismatch for a generation that is too low.</exception>
    ValueTask OpenForWritingAsync(string volumeId, long generation, CancellationToken cancellationToken);

    /// <summary>
    /// When it returns, within a second, no write is acknowledged any more and every export of the volume is closed; what was
    /// acknowledged as durable stays. Snapshots stay readable through new connections. A volume that is not there, or takes no
    /// writes, is done.
    /// </summary>
    /// <param name="volumeId">The volume to stop.</param>
    /// <param name="reason">Told to those whose connections end.</param>
    /// <param name="cancellationToken">Ends the wait; the fence stands.</param>
    ValueTask FenceAsync(string volumeId, string reason, CancellationToken cancellationToken);
}

/// <summary>What a driver can do beyond keeping volumes.</summary>
/// <param name="Snapshots">Takes snapshots, and makes volumes from them.</param>
/// <param name="Clones">Makes volumes from volumes.</param>
/// <param name="NativeReplication">The native mover can ship its volumes.</param>
public sealed record DriverCapabilities(bool Snapshots, bool Clones, bool NativeReplication);

/// <summary>The space of a backend in bytes: all of it, what is free for new data, and what its volumes take.</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="FreeBytes">What can still be written; 0 when writes of new data fail.</param>
/// <param name="AllocatedBytes">What its volumes take.</param>
public readonly record struct BackendSpace(long TotalBytes, long FreeBytes, long AllocatedBytes)
{
    /// <summary>Of the allocated bytes, those that some volume or snapshot used when that was last looked up; null where nobody looks.</summary>
    public long? LiveBytes { get; init; }

    /// <summary>Of the allocated bytes, those that nothing uses any more: they are given back by and by, and count as free.</summary>
    public long? DeadBytes { get; init; }
}

/// <summary>A volume as its backend holds it.</summary>
/// <param name="VolumeId">The volume's id.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="AllocatedBytes">What it takes.</param>
/// <param name="OpenGeneration">The generation in which it takes writes; null when it takes none.</param>
/// <param name="SnapshotIds">Its snapshots.</param>
public sealed record LocalVolume(
    string VolumeId, long SizeBytes, long AllocatedBytes, long? OpenGeneration, IReadOnlyList<string> SnapshotIds);

/// <summary>A volume to make.</summary>
/// <param name="VolumeId">Its id.</param>
/// <param name="SizeBytes">Its size; at least the source's.</param>
/// <param name="SourceVolumeId">The volume on the same backend whose content it begins with; null for none.</param>
/// <param name="SourceSnapshotId">A snapshot of that volume; null for the volume's present state.</param>
/// <param name="IsEncrypted">Its blocks are encrypted where they are stored, under a new key, or its source's.</param>
public sealed record NewVolume(
    string VolumeId, long SizeBytes, string? SourceVolumeId = null, string? SourceSnapshotId = null, bool IsEncrypted = false);

/// <summary>Why a driver could not do what it was told.</summary>
public enum DriverError
{
    /// <summary>The volume, snapshot or source is not on this backend.</summary>
    NotFound,

    /// <summary>The backend has no room for it.</summary>
    NoSpace,

    /// <summary>What is there does not fit what was asked: another size, a higher generation.</summary>
    Mismatch,

    /// <summary>The backend failed; the message says how, and whether trying again can help.</summary>
    Failed,
}

/// <summary>A driver could not do what it was told. The message names the volume, what is wrong and what to do.</summary>
public sealed class DriverException(DriverError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public DriverError Error { get; } = error;

    /// <summary>The same for everybody, who may not see how and where volumes are kept.</summary>
    public string PublicMessage => Error switch
    {
        DriverError.NoSpace => "The site has no room for it.",
        DriverError.NotFound => "Its site does not hold the data that it needs.",
        _ => "The storage of its site failed; an administrator can see why.",
    };
}
