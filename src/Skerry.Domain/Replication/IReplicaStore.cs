namespace Skerry.Domain.Replication;

/// <summary>The receiving side of a mover: the copies that this site holds of volumes whose primary is elsewhere, or was here.</summary>
/// <remarks>Every method derives what to do from what is on disk, so calling it again after a crash goes on.</remarks>
public interface IReplicaStore
{
    /// <summary>The volume driver whose copies these are.</summary>
    string Driver { get; }

    /// <summary>What this site holds of the volume; null when nothing.</summary>
    ValueTask<LocalCopy?> FindAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>
    /// A number that changes whenever a source of the volume comes, goes, or is turned away. While it stands, no source is connected, and
    /// the state says nothing new, what <see cref="FindAsync"/> tells stands too.
    /// </summary>
    long Visits(string volumeId);

    /// <summary>
    /// Makes the copy fit to be promoted: its source is cut off and none is let in until the hold is disposed, a catch-up that is under
    /// way is undone, back to the last recovery point, and what is left is durable and whole. The copy takes no writes by this.
    /// </summary>
    ValueTask<ReplicaHold> SettleAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="SettleAsync"/>, and makes the copy the state of a snapshot of it, durably; what it received later is given up. Calling
    /// it again is safe. The hold has no copy, and nothing is changed, when the copy has no such snapshot, or it is of another line.
    /// </summary>
    /// <param name="volumeId">The volume.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="takenAt">When the primary was in that state, by its clock; null for when the snapshot was made here.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<ReplicaHold> ReturnAsync(string volumeId, string snapshotId, DateTimeOffset? takenAt, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a volume of its own of the copy's newest whole state, which keeps following its source meanwhile and knows nothing of it.
    /// What was cloned, as it stood; null when there is no whole state. A clone of that id that is there already is taken for it.
    /// </summary>
    ValueTask<LocalCopy?> CloneAsync(string volumeId, string cloneId, CancellationToken cancellationToken);

    /// <summary>Cuts off the source of this volume now; what it was admitted for no longer holds. It may ask again.</summary>
    void Disconnect(string volumeId);

    /// <summary>Drops the copy with all its snapshots. Idempotent. The caller has made sure that it is nobody's primary.</summary>
    ValueTask DropAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>The leases of the volume that were granted here; null when none was in any generation.</summary>
    ValueTask<LeaseStanding?> FindLeaseAsync(string volumeId, CancellationToken cancellationToken) => new((LeaseStanding?)null);
}

/// <summary>What this site promised a primary.</summary>
/// <param name="ReplicationId">The relation whose source asked.</param>
/// <param name="GenerationId">The generation in which the primary acknowledges nothing without this site's lease.</param>
/// <param name="Left">How long it may still go on; zero when it has certainly stopped. Only <see cref="IReplicaStore.SettleAsync"/> keeps new leases from being granted.</param>
public sealed record LeaseStanding(string ReplicationId, string GenerationId, TimeSpan Left);

/// <summary>A copy of a volume that this site holds.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Backend">The backend that holds it.</param>
/// <param name="IsWhole">False during a first copy, before there was any state to promote.</param>
/// <param name="IsCatchingUp">True while blocks of a newer state are being put beside the recovery point.</param>
/// <param name="IsConnected">True while its source is connected.</param>
/// <param name="Generation">The generation of the last write of the state that would be promoted.</param>
/// <param name="Number">The last write number, durable here, of that state.</param>
/// <param name="RecoveryPoint">That state, or an earlier one, with its time; null when not whole.</param>
/// <param name="OwedBytes">What the source said last that it still owed.</param>
/// <param name="HeardAt">When the source was last heard; null when not since the daemon started.</param>
/// <param name="Trouble">Why the last source was not let in, or what failed; null when all is well.</param>
/// <param name="LastTransfer">The last transfer completed into this copy since the daemon started.</param>
public sealed record LocalCopy(
    string VolumeId,
    string Backend,
    bool IsWhole,
    bool IsCatchingUp,
    bool IsConnected,
    long Generation,
    long Number,
    RecoveryPoint? RecoveryPoint,
    long? OwedBytes,
    DateTimeOffset? HeardAt,
    Refusal? Trouble,
    TransferStatus? LastTransfer);

/// <summary>Keeps sources from a copy until it is disposed.</summary>
/// <param name="copy">The settled copy; null when this site has none, or none that is whole.</param>
/// <param name="release">Lets sources in again, as far as the state allows them.</param>
public sealed class ReplicaHold(LocalCopy? copy, Action release) : IDisposable
{
    private Action? _release = release;

    public LocalCopy? Copy => copy;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
