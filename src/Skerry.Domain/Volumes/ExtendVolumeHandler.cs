using Skerry.Domain.Operations;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>Grows the volume where it is primary; its replicas follow its size before its data.</summary>
internal sealed class ExtendVolumeHandler(SiteContext site, VolumeDrivers drivers) : IOperationHandler
{
    public string Kind => VolumeOperations.Extend;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var key = VolumeEntity.Key(id);
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Volume, id) is null)
        {
            return OperationResult.Failed($"Volume {id} was deleted before it was extended.");
        }

        if (operation.Parameters.Deserialize(DomainJson.Default.SizeParameters) is not { SizeGib: > 0 } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} names no size.");
        }

        if (WritePermission.Of(state, site.SelfText, id) is { IsAllowed: false } fenced)
        {
            return OperationResult.Failed($"Volume {id} cannot be extended here: {fenced.Reason} Ask again.");
        }

        try
        {
            var driver = drivers.Holding(id)
                ?? throw new DriverException(DriverError.NotFound, $"No backend of this site holds volume {id}.");
            await driver.ExtendAsync(id, wanted.SizeGib * Volume.BytesPerGib, cancellationToken);
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.PublicMessage, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.ErrorExtending, e.Message));
        }

        return OperationResult.Succeeded(transaction =>
        {
            // A size never shrinks, whichever of two requests is carried out last.
            var size = Math.Max(transaction.Find(key)?.Integer(VolumeEntity.SizeGib) ?? 0, wanted.SizeGib);
            transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From(size), DomainSchema.OwnerRank);
            VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
        });
    }

    /// <summary>Growing to a size is idempotent: completing it is finding out.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
