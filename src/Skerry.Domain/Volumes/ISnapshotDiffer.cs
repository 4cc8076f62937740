namespace Skerry.Domain.Volumes;

/// <summary>What a driver does besides, when it keeps track of changes: says where a snapshot differs from another state of its volume.</summary>
public interface ISnapshotDiffer
{
    /// <summary>
    /// Ranges in order, merged, from the offset on, outside of which the snapshot and the other state are the same. Read off what is kept
    /// of changes, not off the data: a range may be named whose content came to be the same again. Time follows the change.
    /// </summary>
    /// <param name="volumeId">The volume.</param>
    /// <param name="snapshotId">One state.</param>
    /// <param name="againstSnapshotId">The other one; null for the volume as it is here now.</param>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="mostRanges">How many to tell at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DriverException">NotFound; Mismatch while the copy here is being brought up and is no state.</exception>
    ValueTask<SnapshotDifference> DifferenceAsync(
        string volumeId, string snapshotId, string? againstSnapshotId, long offsetBytes, int mostRanges, CancellationToken cancellationToken);
}

/// <summary>Where two states of a volume differ, or a part of it.</summary>
/// <param name="SizeBytes">The disk's size in the larger of the two.</param>
/// <param name="Ranges">In order.</param>
/// <param name="NextOffsetBytes">Where to go on; null when there is no more.</param>
public sealed record SnapshotDifference(long SizeBytes, IReadOnlyList<DifferingRange> Ranges, long? NextOffsetBytes);

/// <param name="OffsetBytes">Where it begins; a multiple of 4096.</param>
/// <param name="LengthBytes">A multiple of 4096, or up to the disk's end.</param>
public readonly record struct DifferingRange(long OffsetBytes, long LengthBytes);
