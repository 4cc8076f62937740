using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>What administrators do with replicas that outlived what they are copies of. The site of the replica carries it out.</summary>
public sealed class TrashService(SiteContext site, OperationService operations, ReplicaTrash trash)
{
    /// <summary>The oldest first. Tenants see none.</summary>
    public IReadOnlyList<TrashedReplica> List(Actor actor) => actor.IsAdmin ? trash.All() : [];

    /// <summary>
    /// Makes a replica in the trash a volume again: under its old id while no volume has that, else under a new one. The ticket names
    /// the volume. Asking twice gives one volume.
    /// </summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The replication's id, or the volume's while one replica of it is in the trash.</param>
    /// <param name="name">The volume's name; null for the one it had.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<RecoveryTicket>> RestoreAsync(
        Actor actor, string id, string? name, CancellationToken cancellationToken)
    {
        if (VolumeRules.Text("name", name) is { } wrong)
        {
            return wrong;
        }

        var found = Find(actor, id);
        if (found.IsRefused)
        {
            return found.Refusal!;
        }

        var item = found.Value;
        if (item.IsCiphertextOnly)
        {
            return Refusal.State(
                $"Site {new SiteDirectory(site, StateView.Of(site.Replica)).NameOf(item.Site)} holds only ciphertext of volume {item.VolumeId}, and never had its key.",
                "Restore another copy; or purge this one.");
        }

        var newId = item.IsVolumeGone ? item.VolumeId : Ids.Derived("restored", $"{item.Id}/{item.DeletedAt.UtcTicks}");
        return await QueueAsync(actor, RecoveryOperations.RestoreReplica, item, newId, name, cancellationToken);
    }

    /// <summary>Takes a replica away before its time. Nothing brings it back.</summary>
    public async ValueTask<Outcome<RecoveryTicket>> PurgeAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        var found = Find(actor, id);
        return found.IsRefused
            ? found.Refusal!
            : await QueueAsync(actor, RecoveryOperations.PurgeReplica, found.Value, found.Value.VolumeId, null, cancellationToken);
    }

    private Outcome<TrashedReplica> Find(Actor actor, string id)
    {
        if (!actor.IsAdmin)
        {
            return Refusal.NotFound("replica", id);
        }

        var found = trash.All().Where(t => t.Id == id || t.VolumeId == id).ToList();
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        return found.Count switch
        {
            1 => found[0],
            0 => Refusal.NotFound("replica in the trash", id),
            _ => Refusal.Invalid(
                "id", $"Volume {id} has {found.Count} replicas in the trash.",
                $"Name one by its replication: {string.Join(", ", found.Select(t => $"{t.Id} at {names.NameOf(t.Site)}"))}."),
        };
    }

    private async ValueTask<Outcome<RecoveryTicket>> QueueAsync(
        Actor actor, string kind, TrashedReplica item, string newId, string? name, CancellationToken cancellationToken)
    {
        var parameters = new RestoreParameters(item.Id, newId, name);
        var operationId = await site.DecideAsync(
            actor,
            transaction => operations.Enqueue(
                transaction,
                new OperationRequest(
                    kind, VolumeEntity.Key(newId), item.Site, FieldValue.Serialize(parameters, RecoveryJson.Default.RestoreParameters)),
                actor),
            cancellationToken);
        return Outcome<RecoveryTicket>.Queued(new RecoveryTicket(operationId, newId, item.Site), operationId);
    }
}
