namespace Skerry.Domain.Groups;

/// <summary>Cuts groups whose volumes are primary at this site.</summary>
/// <remarks>
/// The promise: if a write to one member was issued after a write to another was acknowledged, every cut that holds the first holds
/// the second. Writers wait for the instant of a cut, at most for the time that the order allows.
/// </remarks>
public interface IGroupCutter
{
    /// <summary>The volume driver whose volumes it cuts, as in the configuration (<c>native</c>).</summary>
    string Driver { get; }

    /// <summary>
    /// Sends a mark through the streams of all members, so that each replica keeps the state at it. Nothing is marked unless all of
    /// them stream, since a cut that one member lacks is of no use.
    /// </summary>
    CutResult Mark(CutOrder order);

    /// <summary>
    /// Takes a snapshot of every member, all of one instant, for runs to ship. Those of earlier cuts go when
    /// <see cref="DropSnapshotsAsync"/> is told so.
    /// </summary>
    ValueTask<CutResult> SnapshotAsync(CutOrder order, CancellationToken cancellationToken);

    /// <summary>Drops the snapshots of cuts at a volume's source, but for <paramref name="keep"/>. Idempotent.</summary>
    ValueTask DropSnapshotsAsync(string volumeId, Cut? keep, CancellationToken cancellationToken);
}

/// <summary>A cut to be taken.</summary>
/// <param name="Cut">Its name.</param>
/// <param name="Members">Volume ids with the replication that carries each member.</param>
/// <param name="HoldLimit">For how long writes may be held; the cut is given up rather than hold them longer.</param>
public sealed record CutOrder(Cut Cut, IReadOnlyList<(string VolumeId, string ReplicationId)> Members, TimeSpan HoldLimit)
{
    /// <summary>Snapshots that are taken of members at the same instant, and outlive the cut; ids that were never used.</summary>
    public IReadOnlyList<(string VolumeId, string SnapshotId)> Kept { get; init; } = [];
}

/// <summary>What came of a cut.</summary>
/// <param name="Held">For how long writes were held; null when it was not taken.</param>
/// <param name="Reason">Why it was not taken; or why it becomes no recovery point, though it was.</param>
public sealed record CutResult(TimeSpan? Held, string? Reason)
{
    public bool IsTaken => Held is not null;

    public static CutResult Refused(string reason) => new(null, reason);
}
