using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>Which snapshots of a source its replica is to have too, and which of them it still can get.</summary>
/// <remarks>
/// The invariant: a snapshot of one id is the very same state at every site, or is not there. So a snapshot is made at a replica only
/// while the replica is in its state, and states are passed on oldest first; one that the replica has gone past is not made up later.
/// </remarks>
internal static class TravellingSnapshots
{
    /// <summary>The word by which both sides say that they know of it.</summary>
    public const string Feature = "snapshots";

    /// <summary>Those that people know of have a UUID; movers and reconcilers name their own differently, and those stay where they are.</summary>
    public static bool Travels(string snapshotId) => Guid.TryParseExact(snapshotId, "D", out _);

    /// <summary>
    /// What to pass on, oldest first, on the way to the state <paramref name="target"/>: snapshots on that state's line, after the
    /// state that both have been in, or right at it.
    /// </summary>
    /// <param name="snapshots">Of the source, oldest first.</param>
    /// <param name="target">The source's state that the replica is brought to.</param>
    /// <param name="replica">The replica's whole state; null while it has none.</param>
    /// <param name="there">What the replica has already.</param>
    public static IReadOnlyList<SnapshotInfo> Missing(
        IEnumerable<SnapshotInfo> snapshots, Lineage target, Lineage? replica, IReadOnlySet<string> there)
    {
        var from = replica is null ? 0 : Lineage.CommonNumber(target, replica);
        return
        [
            .. snapshots.Where(s => Travels(s.Id) && !there.Contains(s.Id)
                && s.Lineage.LastNumber >= from && s.Lineage.IsPrefixOf(target)).OrderBy(s => s.Lineage.LastNumber),
        ];
    }
}
