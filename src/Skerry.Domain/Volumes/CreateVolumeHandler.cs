using Skerry.Domain.Operations;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>Makes the volume on its backend, opens it for writing, and writes its first generation.</summary>
internal sealed class CreateVolumeHandler(SiteContext site, VolumeDrivers drivers) : IOperationHandler
{
    private const int FirstGeneration = 1;

    public string Kind => VolumeOperations.Create;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var key = VolumeEntity.Key(id);
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Volume, id) is not { } volume)
        {
            return OperationResult.Failed($"Volume {id} was deleted before it was made.");
        }

        // Its first generation and the end of this operation are one mutation, so this is a volume made from elsewhere.
        if (Generations.Of(state, id).Count > 0)
        {
            return OperationResult.Failed($"Volume {id} has a generation already; nothing was made.");
        }

        var sizeBytes = (volume.Integer(VolumeEntity.SizeGib) ?? 0) * Volume.BytesPerGib;
        try
        {
            var driver = drivers.Get(volume.Text(VolumeEntity.Backend));
            await driver.CreateAsync(
                new NewVolume(id, sizeBytes, volume.Text("source_volume_id"), volume.Text("source_snapshot_id")), cancellationToken);
            await driver.OpenForWritingAsync(id, FirstGeneration, cancellationToken);
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.Message, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Error, e.Message));
        }

        var generation = new Generation(id, FirstGeneration, site.Ids.NewUuid(), site.SelfText, ForkNumber: 0, ParentId: null, Planned: true);
        return OperationResult.Succeeded(transaction =>
        {
            Generations.Write(transaction, generation);
            VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
        });
    }

    /// <summary>Every step is idempotent, and nobody can have written to the volume: completing it is finding out.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
