using Skerry.Domain.Events;
using Skerry.Domain.Operations;
using Skerry.Domain.Quotas;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>What a restoration was asked for.</summary>
/// <param name="ReplicationId">Names the replica in the trash.</param>
/// <param name="NewVolumeId">The volume to make of it: its own id while that is free, else another.</param>
/// <param name="Name">The volume's name; null for the one it had.</param>
internal sealed record RestoreParameters(string ReplicationId, string NewVolumeId, string? Name);

/// <summary>
/// Takes a replica out of the trash: it becomes a volume that is primary at this site in a new generation, with the last state that
/// it followed, and with the snapshots that it holds.
/// </summary>
/// <remarks>
/// Under its old id the copy itself is the volume again; its replications stay deleted, and other copies of it stay in the trash.
/// While the volume lives on elsewhere a clone becomes a volume of its own, and the copy stays in the trash. One mutation brings it
/// back, so a crash before leaves a replica in the trash, and a crash after it a volume.
/// </remarks>
internal sealed class RestoreReplicaHandler(
    SiteContext site, VolumeDrivers drivers, IReadOnlyList<IReplicaStore> stores, ReplicaTrash trash) : IOperationHandler
{
    private static readonly Actor Self = Actor.System("recovery");

    public string Kind => RecoveryOperations.RestoreReplica;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (operation.Parameters.Deserialize(RecoveryJson.Default.RestoreParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        var restored = await trash.UseAsync(() => RestoreAsync(wanted, cancellationToken), cancellationToken);
        if (restored.IsRefused)
        {
            return OperationResult.Failed(restored.Refusal!.ToString());
        }

        await OpenWait.UntilOpenAsync(site, drivers, restored.Value, null, cancellationToken);
        return OperationResult.Succeeded();
    }

    /// <summary>What is there already is not made again: completing it is finding out.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);

    private async ValueTask<Outcome<Generation>> RestoreAsync(RestoreParameters wanted, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Volume, wanted.NewVolumeId) is not null
            && Generations.Primary(state, wanted.NewVolumeId) is { } primary && primary.IsPrimary(site.SelfText))
        {
            return primary.Current;
        }

        if (trash.Find(wanted.ReplicationId) is not { } item || item.Site != site.SelfText)
        {
            return Refusal.State($"The replica of replication {wanted.ReplicationId} is not in the trash of site {site.SiteName} any more.");
        }

        if (drivers.Holding(item.VolumeId) is not { } driver)
        {
            return Refusal.State($"No backend of site {site.SiteName} holds a copy of volume {item.VolumeId}.");
        }

        if (driver.Keys?.WhyLocked(item.VolumeId) is { } locked)
        {
            return Refusal.State($"The copy of volume {item.VolumeId} at site {site.SiteName} cannot be opened: {locked}.");
        }

        var isSame = wanted.NewVolumeId == item.VolumeId;
        ReplicaHold? settled = null;
        LocalCopy? copy;
        try
        {
            settled = isSame ? await SettleAsync(item.VolumeId, cancellationToken) : null;
            copy = isSame ? settled?.Copy : await CloneAsync(item.VolumeId, wanted.NewVolumeId, cancellationToken);
        }
        catch (DriverException e)
        {
            return Refusal.State($"{e.Message} Nothing was restored.");
        }

        using var hold = settled;
        if (copy is null || await driver.FindLocalAsync(wanted.NewVolumeId, cancellationToken) is not { } local)
        {
            return Refusal.State($"The copy of volume {item.VolumeId} at site {site.SiteName} has no whole state.", "Restore another copy, if there is one.");
        }

        var id = site.Ids.NewUuid();
        return await site.DecideAsync<Outcome<Generation>>(
            Self,
            transaction =>
            {
                var generation = isSame ? Revive(transaction, item, copy, id) : Copy(transaction, item, wanted.NewVolumeId, copy, id);
                if (generation.IsRefused)
                {
                    return generation;
                }

                var key = VolumeEntity.Key(wanted.NewVolumeId);
                if (wanted.Name is { } name)
                {
                    transaction.Set(key, "name", name);
                }

                if (Charge(transaction, wanted.NewVolumeId, local.SizeBytes) is { } over)
                {
                    return over;
                }

                transaction.Set(key, "site", site.SelfText);
                transaction.Set(key, VolumeEntity.Backend, FieldValue.FromString(driver.Backend), DomainSchema.OwnerRank);
                transaction.Set(
                    key, VolumeEntity.SizeGib, FieldValue.From((local.SizeBytes + Volume.BytesPerGib - 1) / Volume.BytesPerGib), DomainSchema.OwnerRank);
                VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
                Generations.Write(transaction, generation.Value);
                ReviveSnapshots(transaction, local);
                return generation;
            },
            cancellationToken);
    }

    /// <summary>It is the project's again, and nobody is charged for it any more.</summary>
    private Refusal? Charge(ITransaction transaction, string volumeId, long sizeBytes)
    {
        var state = StateView.Of(transaction);
        var project = state.Find(EntityKinds.Volume, volumeId)?.Text("project_id") ?? "";
        var more = QuotaAmounts.AVolume((sizeBytes + Volume.BytesPerGib - 1) / Volume.BytesPerGib);
        if (HardQuota.Check(site, state, project, more) is { } over)
        {
            return over;
        }

        HardQuota.Charge(transaction, site, project, volumeId, more);
        return null;
    }

    /// <summary>The deleted volume itself, one generation up; its replications end for good.</summary>
    private Outcome<Generation> Revive(ITransaction transaction, TrashedReplica item, LocalCopy copy, string id)
    {
        var view = StateView.Of(transaction);
        if (view.Find(EntityKinds.Volume, item.VolumeId) is not null)
        {
            return Refusal.State($"Volume {item.VolumeId} is back already.");
        }

        transaction.Revive(VolumeEntity.Key(item.VolumeId));
        foreach (var relation in Relation.OfVolume(view, item.VolumeId))
        {
            if (relation.BackendAt(site.SelfText) is not null)
            {
                // Its other end went with the volume, and this one is the volume: none of its copies is in the trash any more.
                transaction.Set(Relation.Key(relation.Id), Relation.PurgedField, FieldValue.From(true), DomainSchema.OwnerRank);
            }

            transaction.Delete(Relation.Key(relation.Id));
        }

        var current = Generations.Primary(view, item.VolumeId)?.Current;
        return new Generation(
            item.VolumeId, Math.Max(current?.Number ?? 0, copy.Generation) + 1, id, site.SelfText, copy.Number, current?.Id, Planned: false)
        {
            Cause = RoleCauses.Restored,
        };
    }

    /// <summary>A volume like the one that lives on, with the state of the replica.</summary>
    private Outcome<Generation> Copy(ITransaction transaction, TrashedReplica item, string newId, LocalCopy copy, string id)
    {
        if (StateView.Of(transaction).Find(EntityKinds.Volume, item.VolumeId) is not { } like)
        {
            return Refusal.State($"Volume {item.VolumeId} was deleted meanwhile.", "Ask again: its replica comes back under its own id.");
        }

        var key = VolumeEntity.Key(newId);
        foreach (var field in (ReadOnlySpan<string>)["name", "description", "project_id", "user_id", "type", "metadata", VolumeEntity.Encrypted])
        {
            if (like.TryGet(field, out var value))
            {
                transaction.Set(key, field, value);
            }
        }

        transaction.Set(key, "created_at", site.Now);
        return new Generation(newId, Math.Max(copy.Generation, 1), id, site.SelfText, ForkNumber: 0, ParentId: null, Planned: true);
    }

    /// <summary>Those that went with the volume and whose data is here: those that travelled, and what was kept of divergences.</summary>
    private void ReviveSnapshots(ITransaction transaction, LocalVolume local)
    {
        foreach (var snapshot in transaction.ListDeleted(EntityKinds.Snapshot)
            .Where(s => s.Text("volume_id") == local.VolumeId && local.SnapshotIds.Contains(s.Id)).ToList())
        {
            transaction.Revive(snapshot.Key);
            transaction.Set(snapshot.Key, "site", site.SelfText);
        }
    }

    private async ValueTask<ReplicaHold?> SettleAsync(string volumeId, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.FindAsync(volumeId, cancellationToken) is not null)
            {
                return await store.SettleAsync(volumeId, cancellationToken);
            }
        }

        return null;
    }

    private async ValueTask<LocalCopy?> CloneAsync(string volumeId, string cloneId, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.CloneAsync(volumeId, cloneId, cancellationToken) is { } copy)
            {
                return copy;
            }
        }

        return null;
    }
}

/// <summary>Takes a replica in the trash away before its time.</summary>
internal sealed class PurgeReplicaHandler(ReplicaTrash trash) : IOperationHandler
{
    public string Kind => RecoveryOperations.PurgeReplica;

    public async ValueTask<OperationResult> RunAsync(Operation operation, CancellationToken cancellationToken)
    {
        if (operation.Parameters.Deserialize(RecoveryJson.Default.RestoreParameters) is not { } wanted)
        {
            return OperationResult.Failed($"Operation {operation.Id} cannot be read.");
        }

        await trash.PurgeAsync(wanted.ReplicationId, cancellationToken);
        return trash.Find(wanted.ReplicationId) is null
            ? OperationResult.Succeeded()
            : OperationResult.Failed($"The replica of replication {wanted.ReplicationId} is at another site.");
    }

    /// <summary>Purging is idempotent.</summary>
    public ValueTask<OperationResult> ReconcileAsync(Operation operation, CancellationToken cancellationToken) =>
        RunAsync(operation, cancellationToken);
}
