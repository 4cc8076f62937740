using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Ends this site's time as primary with nothing lost: stops the writers, brings the successor to the last write, and writes the
/// generation that names it; a demotion names nobody.
/// </summary>
/// <remarks>
/// Until that generation is written everything can be undone, and is undone when a step fails or the daemon finds the operation
/// interrupted: the hold is cleared and the volume takes writes again in its old generation. After it nothing can be undone here:
/// the successor may be writing, known or not; taking the volume back is a promotion of its own.
/// </remarks>
internal sealed class HandOverHandler(
    SiteContext site, VolumeDrivers drivers, ExportRegistry exports, IReadOnlyList<IDataMover> movers,
    IReadOnlyList<IReplicaStore> stores) : IOperationHandler
{
    private static readonly Actor Self = Actor.System("recovery");
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(30);

    public string Kind => RecoveryOperations.HandOver;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        var volumeId = operation.Entity.Id;
        var state = StateView.Of(site.Replica);
        if (operation.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        if (state.Find(EntityKinds.Volume, volumeId) is not { } volume || Generations.Primary(state, volumeId) is not { } primary)
        {
            return OperationResult.Failed($"Volume {volumeId} was deleted before it was handed over.");
        }

        if (primary.Current.ParentId == wanted.GenerationId && primary.Current.Site == wanted.ToSite && primary.Current.Planned)
        {
            return await FinishAsync(primary.Current, cancellationToken);
        }

        if (!primary.IsPrimary(site.SelfText) || primary.Current.Id != wanted.GenerationId)
        {
            return OperationResult.Failed(
                $"Volume {volumeId} is in generation {primary.Current.Number} since this was asked for. Look at it, and ask again.");
        }

        if (drivers.Holding(volumeId) is not { } driver || movers.FirstOrDefault(m => m.Driver == driver.DriverName) is not { } mover)
        {
            return OperationResult.Failed($"No backend of site {site.SiteName} holds volume {volumeId}.");
        }

        var writers = exports.OpenOf(volumeId).Count(g => !g.ReadOnly && g.SnapshotId is null)
            + state.List(EntityKinds.Attachment).Count(a => a.Text("volume_id") == volumeId);
        if (writers > 0 && !wanted.Drain)
        {
            return OperationResult.Failed(
                $"Volume {volumeId} has {writers} attached {(writers == 1 ? "writer" : "writers")}. Detach them, or ask with drain.");
        }

        var replicas = Relation.OfVolume(state, volumeId);
        var successor = replicas.FirstOrDefault(r => r.ReplicaOf(site.SelfText).Site == wanted.ToSite);
        if (wanted.ToSite.Length > 0 && successor is null)
        {
            return OperationResult.Failed($"Volume {volumeId} has no replica at the site that it was to be handed to.");
        }

        return await HandOverAsync(operation, volumeId, volume, primary.Current, wanted, driver, mover, successor, replicas, cancellationToken);
    }

    /// <summary>What was interrupted before the generation was written is undone; after it, it is done.</summary>
    public async ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken)
    {
        var wanted = operation.Parameters.Deserialize(RecoveryJson.Default.RecoveryParameters);
        var primary = Generations.Primary(StateView.Of(site.Replica), operation.Entity.Id);
        return wanted is not null && primary?.Current.ParentId == wanted.GenerationId && primary.Current.Site == wanted.ToSite
            ? await FinishAsync(primary.Current, cancellationToken)
            : OperationResult.Failed(
                $"It was interrupted before volume {operation.Entity.Id} was given up; site {site.SiteName} goes on as its primary. Ask again.",
                transaction => Handover.Clear(transaction, operation.Entity.Id));
    }

    private async ValueTask<OperationResult> HandOverAsync(
        Operation operation, string volumeId, Entity volume, Generation current, RecoveryParameters wanted, IVolumeDriver driver,
        IDataMover mover, Relation? successor, IReadOnlyList<Relation> replicas, CancellationToken cancellationToken)
    {
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        if (successor is not null && await SyncAsync(successor, current, driver, mover, cancellationToken) is { Number: null } unready)
        {
            return OperationResult.Failed($"{unready.Reason} Nothing was changed; it can be asked again, or forced at the other site.");
        }

        var reason = wanted.ToSite.Length == 0
            ? "It is being demoted."
            : $"It is being handed over from site {site.SiteName} to site {names.NameOf(wanted.ToSite)}.";
        await site.DecideAsync(
            Self,
            transaction =>
            {
                new Handover(volumeId, current.Id, operation.Id, reason).Write(transaction);
                return default(Unit);
            },
            cancellationToken);
        exports.RevokeVolume(volumeId);
        await driver.FenceAsync(volumeId, reason, cancellationToken);

        var number = successor is null
            ? await SettleAllAsync(replicas, current, driver, mover, cancellationToken)
            : await SyncAsync(successor, current, driver, mover, cancellationToken);
        if (number.Number is not { } last)
        {
            return OperationResult.Failed(
                $"{number.Reason} The volume was not given up, and site {site.SiteName} goes on as its primary.",
                transaction => Handover.Clear(transaction, volumeId));
        }

        var next = await WriteAsync(volumeId, current, wanted.ToSite, last, cancellationToken);
        return next is null
            ? OperationResult.Failed($"Another site was promoted meanwhile; volume {volumeId} ({volume.Text("name", "")}) follows that one.")
            : await FinishAsync(next, cancellationToken);
    }

    /// <summary>
    /// Makes the replica equal to the volume, durably. With the volume fenced the number that comes back is the last one that there
    /// is; before that it shows that the replica can be reached and is near.
    /// </summary>
    private async ValueTask<Synced> SyncAsync(
        Relation relation, Generation current, IVolumeDriver driver, IDataMover mover, CancellationToken cancellationToken)
    {
        var (target, _) = relation.ReplicaOf(site.SelfText);
        var name = new SiteDirectory(site, StateView.Of(site.Replica)).NameOf(target);
        if (relation.IsPaused)
        {
            return new Synced(null, $"The replication to site {name} is paused.");
        }

        var run = relation.Mode == ReplicationModes.Instant ? (DateTimeOffset?)null : site.Now;
        var task = new MoverTask(relation.Id, relation.VolumeId, driver.Backend, target, current, run);
        using var patience = new CancellationTokenSource(SyncPatience, site.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            while (true)
            {
                var report = mover.Synchronize(task);
                if (run is null && report is { IsConnected: true, State: ReplicationWords.Secondary })
                {
                    return await mover.SettleAsync(relation.Id, either.Token) is { } durable && durable >= report.PrimaryNumber
                        ? new Synced(durable, "")
                        : new Synced(null, $"The replica at site {name} did not confirm the last write in time.");
                }

                if (run is not null && report.CompletedRun >= run)
                {
                    return new Synced(report.PrimaryNumber, "");
                }

                if (!report.IsConnected && report.State is ReplicationWords.Disconnected or ReplicationWords.Error)
                {
                    return new Synced(null, $"The replica at site {name} cannot follow now: {report.Reason}");
                }

                if (report.Transfer is { } transfer && transfer.SecondsLeft > SyncPatience.TotalSeconds)
                {
                    return new Synced(
                        null, $"The replica at site {name} is still {report.State}, {transfer.TotalBytes - transfer.DoneBytes} bytes to go.");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), site.Time, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Synced(null, $"The replica at site {name} is not whole yet.");
        }
    }

    /// <summary>A demotion takes along who can be reached; it does not depend on anybody.</summary>
    private async ValueTask<Synced> SettleAllAsync(
        IReadOnlyList<Relation> replicas, Generation current, IVolumeDriver driver, IDataMover mover, CancellationToken cancellationToken)
    {
        foreach (var relation in replicas)
        {
            await SyncAsync(relation, current, driver, mover, cancellationToken);
        }

        foreach (var store in stores)
        {
            if (await store.FindAsync(current.VolumeId, cancellationToken) is { } copy)
            {
                return new Synced(copy.Number, "");
            }
        }

        return new Synced(null, $"The backend does not say where volume {current.VolumeId} stands.");
    }

    private async ValueTask<Generation?> WriteAsync(
        string volumeId, Generation current, string toSite, long number, CancellationToken cancellationToken)
    {
        var id = site.Ids.NewUuid();
        return await site.DecideAsync(
            Self,
            transaction =>
            {
                Handover.Clear(transaction, volumeId);
                if (Generations.Primary(StateView.Of(transaction), volumeId)?.Current.Id != current.Id)
                {
                    return null;
                }

                var next = new Generation(volumeId, current.Number + 1, id, toSite, number, current.Id, Planned: true);
                Generations.Write(transaction, next);
                return next;
            },
            cancellationToken);
    }

    private async ValueTask<OperationResult> FinishAsync(Generation generation, CancellationToken cancellationToken)
    {
        var isOpen = !generation.IsDemoted && await OpenWait.UntilOpenAsync(site, drivers, generation, cancellationToken);
        return OperationResult.Succeeded(
            value: FieldValue.Serialize(
                new RecoveryResult(
                    generation.Number, generation.ForkNumber, generation.Site, IsPlanned: true, null, "Nothing was lost.", isOpen),
                RecoveryJson.Default.RecoveryResult));
    }

    /// <summary>The last number that is durable at the replica, or why there is none.</summary>
    private sealed record Synced(long? Number, string Reason);
}
