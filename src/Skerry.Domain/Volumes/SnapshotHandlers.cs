using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Takes a snapshot where the volume is.</summary>
internal sealed class CreateSnapshotHandler(SiteContext site, VolumeDrivers drivers) : IOperationHandler
{
    public string Kind => VolumeOperations.CreateSnapshot;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var key = VolumeEntity.SnapshotKey(id);
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Snapshot, id)?.Text("volume_id") is not { } volumeId)
        {
            return OperationResult.Failed($"Snapshot {id} was deleted before it was taken.");
        }

        if (WritePermission.Of(state, site.SelfText, volumeId) is { IsAllowed: false } fenced)
        {
            return Failed($"Volume {volumeId} is not primary here: {fenced.Reason} Ask again.");
        }

        string position;
        try
        {
            var driver = drivers.Holding(volumeId)
                ?? throw new DriverException(DriverError.NotFound, $"No backend of this site holds volume {volumeId}.");
            position = await driver.CreateSnapshotAsync(volumeId, id, cancellationToken);
        }
        catch (DriverException e)
        {
            return Failed(e.PublicMessage, e.Message);
        }

        return OperationResult.Succeeded(transaction =>
        {
            VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
            transaction.Set(key, "position", FieldValue.FromString(position), DomainSchema.OwnerRank);
            if (transaction.Find(VolumeEntity.Key(volumeId))?.Integer(VolumeEntity.SizeGib) is { } sizeGib)
            {
                transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From(sizeGib));
            }
        });

        OperationResult Failed(string reason, string? detail = null) => OperationResult.Failed(
            reason, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Error, detail ?? reason));
    }

    /// <summary>
    /// A snapshot that is there was taken when it was asked for. One that is not there is taken now: nobody has been told of another.
    /// </summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}

/// <summary>Takes a snapshot away where it lies.</summary>
internal sealed class DeleteSnapshotHandler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IOperationHandler
{
    public string Kind => VolumeOperations.DeleteSnapshot;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var key = VolumeEntity.SnapshotKey(id);
        if (StateView.Of(site.Replica).Find(EntityKinds.Snapshot, id)?.Text("volume_id") is not { } volumeId)
        {
            return OperationResult.Succeeded();
        }

        try
        {
            exports.RevokeSnapshot(id);
            if (drivers.Holding(volumeId) is { } driver)
            {
                await driver.DeleteSnapshotAsync(volumeId, id, cancellationToken);
            }
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.PublicMessage, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.ErrorDeleting, e.Message));
        }

        return OperationResult.Succeeded(transaction =>
        {
            SnapshotCopy.Remove(transaction, id, site.SelfText);
            if (RunSnapshot.Release(transaction, key, volumeId, site.SelfText, site.Now))
            {
                return;
            }

            foreach (var connection in transaction.List(EntityKinds.Connection).Where(c => c.Text("snapshot_id") == id).ToList())
            {
                transaction.Delete(connection.Key);
            }

            // The sites of its replicas take theirs away when they learn of it.
            transaction.Delete(key);
        });
    }

    /// <summary>Deleting is idempotent: completing it is finding out.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
