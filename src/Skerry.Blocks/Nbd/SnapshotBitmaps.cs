namespace Skerry.Blocks.Nbd;

/// <summary>How a volume's head, or one of its snapshots, differs from the volume's other snapshots.</summary>
/// <param name="volume">The volume.</param>
/// <param name="snapshotId">The snapshot that is served; null for the head.</param>
/// <param name="shown">Which snapshots a client may measure from; null for all.</param>
public sealed class SnapshotBitmaps(BlockVolume volume, string? snapshotId = null, Func<string, bool>? shown = null) : IDirtyBitmaps
{
    public IReadOnlyList<string> Names =>
        [.. volume.Snapshots.Select(snapshot => snapshot.Id).Where(id => id != snapshotId && (shown is null || shown(id)))];

    public IReadOnlyList<ChangedRange> Changed(string name, long offsetBytes, long lengthBytes) =>
        volume.Difference(name, snapshotId, offsetBytes, lengthBytes);
}
