using Skerry.Domain.Operations;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>Gives a volume the content of one of its snapshots, where it is primary and nobody uses it.</summary>
/// <remarks>
/// While the operation is unfinished the volume is "reverting" and cannot be connected, so nothing is written that a second try, after
/// a crash, would take back.
/// </remarks>
internal sealed class RevertVolumeHandler(SiteContext site, VolumeDrivers drivers) : IOperationHandler
{
    public string Kind => VolumeOperations.Revert;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(DomainJson.Default.SnapshotParameters) is not { SnapshotId: { } snapshotId })
        {
            return OperationResult.Failed($"Operation {operation.Id} names no snapshot.");
        }

        if (new VolumeReader(site, state, beside: operation.Id).FindVolume(id) is not { } volume)
        {
            return OperationResult.Failed($"Volume {id} was deleted before it was reverted.");
        }

        if (Check(site, state, volume, snapshotId) is { } refusal)
        {
            return OperationResult.Failed(refusal.ToString());
        }

        if (WritePermission.Of(state, site.SelfText, id) is { IsAllowed: false } fenced)
        {
            return OperationResult.Failed($"Volume {id} cannot be reverted here: {fenced.Reason} Ask again.");
        }

        try
        {
            var driver = drivers.Holding(id)
                ?? throw new DriverException(DriverError.NotFound, $"No backend of this site holds volume {id}.");
            await driver.RevertAsync(id, snapshotId, cancellationToken);
        }
        catch (DriverException e)
        {
            // The content is as it was: reverting happens whole or not at all.
            return OperationResult.Failed(e.PublicMessage);
        }

        return OperationResult.Succeeded();
    }

    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    /// <summary>What forbids it now; null when nothing does.</summary>
    public static Refusal? Check(SiteContext site, StateView state, Volume volume, string snapshotId)
    {
        if (new VolumeReader(site, state).FindSnapshot(snapshotId) is not { } snapshot)
        {
            return Refusal.NotFound("snapshot", snapshotId);
        }

        if (snapshot.VolumeId != volume.Id)
        {
            return Refusal.Invalid(
                "snapshot_id", $"Snapshot {snapshotId} is not of volume {volume.Id}.", "Give one of its own; make a volume from another's snapshot.");
        }

        if (snapshot.Status != VolumeStatus.Available)
        {
            return Refusal.State($"Snapshot {snapshotId} is {snapshot.Status}.", "Wait until it is available.");
        }

        if (volume.Status != VolumeStatus.Available)
        {
            return Refusal.State(
                $"Volume {volume.Id} is {volume.Status}.", "It can be reverted while it is available: whoever uses it must disconnect first.");
        }

        // To its replicas the disk would have lost writes that they have, and they would give them back.
        return Relation.OfVolume(state, volume.Id).Count > 0
            ? Refusal.State($"Volume {volume.Id} is replicated.", "End the replication, revert, and replicate it anew; or make a volume from the snapshot.")
            : null;
    }
}
