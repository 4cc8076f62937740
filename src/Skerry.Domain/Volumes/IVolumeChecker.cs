namespace Skerry.Domain.Volumes;

/// <summary>What a driver does besides, when its backend keeps checksums: reads and proves a volume's copy at this site, while it is in use.</summary>
public interface IVolumeChecker
{
    /// <summary>Reads everything that the volume and its snapshots hold, and heals what is bad from other copies where it can.</summary>
    /// <exception cref="DriverException">NotFound; Failed when the backend cannot be read at all. Damage is a result.</exception>
    ValueTask<VolumeCheck> CheckAsync(string volumeId, CancellationToken cancellationToken);
}

/// <summary>What a check of a volume found; the result of an operation <c>volume.check</c>.</summary>
/// <param name="VerifiedBytes">Read and proved, each place once.</param>
/// <param name="BadBytes">Bytes of ranges that could not be read as they were written, of the head and of each snapshot.</param>
/// <param name="HealedBytes">Of these, what has been put back from another copy.</param>
/// <param name="BadRanges">Where; at most 1000.</param>
public sealed record VolumeCheck(long VerifiedBytes, long BadBytes, long HealedBytes, IReadOnlyList<BadRange> BadRanges);

/// <summary>A range of a volume, or of a snapshot, that could not be read as it was written.</summary>
/// <param name="SnapshotId">Null for the volume itself.</param>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="LengthBytes">How long it is.</param>
/// <param name="IsHealed">True when it has been put back.</param>
public sealed record BadRange(string? SnapshotId, long OffsetBytes, long LengthBytes, bool IsHealed);
