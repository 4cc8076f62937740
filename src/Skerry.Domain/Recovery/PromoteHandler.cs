using Skerry.Domain.Events;
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Makes this site's copy the primary: after a demotion with nothing lost, or by force with what the preview said.
/// </summary>
/// <remarks>
/// The steps follow from what is stored. The copy is settled first, so that what is promoted is whole and no source can move it;
/// then the generation is written, which is the one step that decides; opening for writing follows from it. A crash before the
/// generation leaves a replica, and the promotion is made when the operation is looked at again; a crash after it leaves a primary.
/// </remarks>
internal sealed class PromoteHandler(
    SiteContext site, VolumeDrivers drivers, IReadOnlyList<IReplicaStore> stores, PromotionFactsReader reader, IExternalFence fence) : IOperationHandler
{
    private static readonly Actor Self = Actor.System("recovery");

    public string Kind => RecoveryOperations.Promote;

    public bool IsUrgent => true;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var volumeId = operation.Entity.Id;
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        if (state.Find(EntityKinds.Volume, volumeId) is null || Generations.Primary(state, volumeId) is not { } primary)
        {
            return OperationResult.Failed($"Volume {volumeId} was deleted before it was promoted.");
        }

        if (primary.IsPrimary(site.SelfText) && primary.Current.ParentId == wanted.GenerationId)
        {
            return await FinishAsync(primary.Current, null, "", cancellationToken);
        }

        if (primary.Current.Id != wanted.GenerationId)
        {
            return OperationResult.Refused(Refusal.State(
                $"Volume {volumeId} is in generation {primary.Current.Number} since this was asked for.", "Look at it, and ask again."));
        }

        var preview = OlderState.Apply(
            site, state,
            FailoverJudgement.Of(
                await reader.ReadAsync(state, primary, volumeId, site.SelfText, cancellationToken), wanted.IsForced, site.Now),
            wanted.AtSnapshotId);
        if (preview.Refusal is { } refusal)
        {
            return OperationResult.Refused(refusal);
        }

        if (drivers.Holding(volumeId)?.Keys?.WhyLocked(volumeId) is { } locked)
        {
            var holder = new SiteDirectory(site, state).NameOf(primary.Current.Site);
            return OperationResult.Refused(Refusal.State(
                $"The copy of volume {volumeId} at site {site.SiteName} cannot be promoted: {locked}. Site {holder} has the key. Nothing was changed."));
        }

        if (await FenceStep.RunAsync(fence, site, operation, wanted, primary, cancellationToken) is { } unfenced)
        {
            return OperationResult.Failed(unfenced);
        }

        ReplicaHold? settled;
        try
        {
            settled = await SettleAsync(volumeId, wanted.AtSnapshotId, cancellationToken);
        }
        catch (DriverException e)
        {
            return OperationResult.Failed($"{e.Message} Nothing was changed.");
        }

        using var hold = settled;
        if (hold?.Copy is not { } copy)
        {
            return OperationResult.Refused(Refusal.State(
                wanted.AtSnapshotId is { } older
                    ? $"The copy of volume {volumeId} here does not have snapshot {older} in its past. Nothing was changed."
                    : $"The copy of volume {volumeId} here has no whole recovery point. Nothing was changed."));
        }

        if (wanted.AtNumber is { } number && copy.Number != number)
        {
            return OperationResult.Failed(
                $"The copy of volume {volumeId} here stands at number {copy.Number}, and was to be promoted at {number}. Nothing was changed.");
        }

        // Settled, this site grants no lease any more; the one that the old primary may still have must run out.
        if (await LeaseWait.UntilOverAsync(stores, primary.Current, wanted.IsAutomatic, site.Time, cancellationToken) is { } bound)
        {
            return OperationResult.Failed(bound);
        }

        await FailPoint.ReachAsync(RecoveryMoments.LeaseOver, site);
        var written = await WriteAsync(volumeId, wanted, copy, cancellationToken);
        await FailPoint.ReachAsync(RecoveryMoments.GenerationWritten, site);
        return written.IsRefused
            ? OperationResult.Refused(written.Refusal!)
            : await FinishAsync(written.Value, copy.RecoveryPoint, preview.Loss, cancellationToken);
    }

    /// <summary>Nothing that it does is done twice: the generation decides, and it is written once.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    private async ValueTask<ReplicaHold?> SettleAsync(string volumeId, string? snapshotId, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.FindAsync(volumeId, cancellationToken) is not null)
            {
                return snapshotId is null
                    ? await store.SettleAsync(volumeId, cancellationToken)
                    : await store.ReturnAsync(volumeId, snapshotId, takenAt: null, cancellationToken);
            }
        }

        return null;
    }

    private async ValueTask<Outcome<Generation>> WriteAsync(
        string volumeId, RecoveryParameters wanted, LocalCopy copy, CancellationToken cancellationToken)
    {
        var id = site.Ids.NewUuid();
        return await site.DecideAsync<Outcome<Generation>>(
            Self,
            transaction =>
            {
                if (Generations.Primary(StateView.Of(transaction), volumeId) is not { } primary || primary.Current.Id != wanted.GenerationId)
                {
                    return Refusal.State($"Another site moved the primary of volume {volumeId} meanwhile.", "Look at it, and ask again.");
                }

                if (wanted.IsAutomatic && AutomaticFailoverReconciler.Find(StateView.Of(transaction), site.SelfText, volumeId) is null)
                {
                    return Refusal.State($"Volume {volumeId} is not failed over automatically any more.", "Fail over by force when its primary is lost.");
                }

                var current = primary.Current;
                var isPlanned = current.IsDemoted && !primary.IsSplitBrain && copy.Number == current.ForkNumber;
                if (!isPlanned && !wanted.IsForced)
                {
                    return Refusal.State(
                        $"The copy of volume {volumeId} here stands at number {copy.Number}, and it was demoted at {current.ForkNumber}.",
                        "Promote the copy that has everything, or promote this one by force.");
                }

                var next = new Generation(volumeId, current.Number + 1, id, site.SelfText, copy.Number, current.Id, isPlanned)
                {
                    Cause = wanted.IsAutomatic && !isPlanned ? RoleCauses.Automatic : null,
                };
                Generations.Write(transaction, next);
                return next;
            },
            cancellationToken);
    }

    private async ValueTask<OperationResult> FinishAsync(
        Generation generation, RecoveryPoint? point, string loss, CancellationToken cancellationToken)
    {
        var isOpen = await OpenWait.UntilOpenAsync(site, drivers, generation, null, cancellationToken);
        return OperationResult.Succeeded(
            value: FieldValue.Serialize(
                new RecoveryResult(
                    generation.Number, generation.ForkNumber, generation.Site, generation.Planned, point, loss, isOpen),
                RecoveryJson.Default.RecoveryResult));
    }
}
