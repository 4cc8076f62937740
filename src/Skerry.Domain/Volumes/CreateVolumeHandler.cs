using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Makes the volume on its backend, opens it for writing, and writes its first generation.</summary>
internal sealed class CreateVolumeHandler(SiteContext site, VolumeDrivers drivers) : IOperationHandler
{
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
        var sourceId = volume.Text("source_volume_id");
        var number = FirstNumber(state, sourceId);
        IVolumeDriver driver;
        try
        {
            // A copy shares the blocks of its source, so it is made where those are.
            driver = (sourceId is null ? null : drivers.Holding(sourceId)) ?? drivers.Get(volume.Text(VolumeEntity.Backend));
            if (volume.Flag(VolumeEntity.Encrypted) && driver.Keys is null)
            {
                throw new DriverException(
                    DriverError.Mismatch, $"Backend {driver.Backend} cannot encrypt; nothing was made. Ask for volume {id} on another backend.");
            }

            await driver.CreateAsync(new NewVolume(id, sizeBytes, sourceId, volume.Text("source_snapshot_id"), volume.Flag(VolumeEntity.Encrypted)), cancellationToken);
            await driver.OpenForWritingAsync(id, number, cancellationToken);
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.PublicMessage, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Error, e.Message));
        }

        var generation = new Generation(id, number, site.Ids.NewUuid(), site.SelfText, ForkNumber: 0, ParentId: null, Planned: true);
        return OperationResult.Succeeded(transaction =>
        {
            Generations.Write(transaction, generation);
            transaction.SetIfDifferent(
                key, VolumeEntity.Backend, FieldValue.FromString(driver.Backend), DomainSchema.OwnerRank);
            VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
        });
    }

    /// <summary>A copy goes on with the history of its source, so its first generation is not below the source's.</summary>
    private static long FirstNumber(StateView state, string? sourceId) =>
        sourceId is null ? 1 : Generations.Of(state, sourceId).Select(g => g.Number).DefaultIfEmpty(1).Max();

    /// <summary>Every step is idempotent, and nobody can have written to the volume: completing it is finding out.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
