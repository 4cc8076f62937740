using Skerry.Domain.Operations;
using Skerry.State;

namespace Skerry.Domain.Volumes;

/// <summary>Takes the volume's data away and moves what the state knows of it to the trash.</summary>
internal sealed class DeleteVolumeHandler(
    SiteContext site, VolumeDrivers drivers, ExportRegistry exports, IReadOnlyList<IVolumeDeleteGuard> guards) : IOperationHandler
{
    public string Kind => VolumeOperations.Delete;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var id = operation.Entity.Id;
        var state = StateView.Of(site.Replica);
        var reader = new VolumeReader(site, state, beside: operation.Id);
        if (reader.FindVolume(id) is not { } volume)
        {
            return OperationResult.Succeeded();
        }

        if (volume.SiteId != site.SelfText)
        {
            return OperationResult.Failed($"Volume {id} has its primary at site {volume.SiteName} now. Ask again.");
        }

        var wanted = operation.Parameters.Deserialize(DomainJson.Default.DeleteParameters);
        if (wanted?.GenerationId is { } asked && Generations.Primary(state, id) is { } primary && primary.Current.Id != asked)
        {
            return OperationResult.Failed(
                $"Volume {id} is in generation {primary.Current.Number} since its deletion was asked for, and nothing was deleted. Look at it, and ask again.");
        }

        var refusal = VolumeDeletion.Check(reader, volume, wanted is { Cascade: true })
            ?? guards.Select(g => g.Check(state, id)).FirstOrDefault(r => r is not null);
        if (refusal is not null)
        {
            return OperationResult.Failed(refusal.ToString());
        }

        return await CompleteAsync(id, cancellationToken);
    }

    /// <summary>
    /// What was begun is completed: part of the data may be gone. Deleting is idempotent, and was agreed to before it began.
    /// </summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    private async ValueTask<OperationResult> CompleteAsync(string id, CancellationToken cancellationToken)
    {
        var key = VolumeEntity.Key(id);
        try
        {
            foreach (var guard in guards)
            {
                await guard.BeforeDeleteAsync(id, cancellationToken);
            }

            exports.RevokeVolume(id);
            if (drivers.Holding(id) is { } driver)
            {
                await driver.DeleteAsync(id, cancellationToken);
            }
        }
        catch (DriverException e)
        {
            return OperationResult.Failed(
                e.PublicMessage, transaction => VolumeEntity.WriteStatus(transaction, key, VolumeStatus.ErrorDeleting, e.Message));
        }

        return OperationResult.Succeeded(transaction => Forget(transaction, id));
    }

    internal static void Forget(ITransaction transaction, string id)
    {
        var state = StateView.Of(transaction);
        foreach (var kind in (ReadOnlySpan<string>)[EntityKinds.Snapshot, EntityKinds.Connection, EntityKinds.Attachment])
        {
            foreach (var entity in state.List(kind).Where(e => e.Text("volume_id") == id).ToList())
            {
                transaction.Delete(entity.Key);
            }
        }

        // A replica in the trash is judged by the generations; they stay for as long as there is one.
        if (!state.List(EntityKinds.Replication).Any(r => r.Text("volume_id") == id))
        {
            foreach (var generation in state.ListByPrefix(EntityKinds.Generation, id + "/").ToList())
            {
                transaction.Delete(generation.Key);
            }
        }

        transaction.Delete(VolumeEntity.Key(id));
    }
}
