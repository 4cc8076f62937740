using Skerry.Domain.Operations;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Recovery;

/// <summary>
/// What administrators do with drills. Whatever is done to a drill, the replica that it came from goes on following, and nothing
/// of the drill is ever replicated.
/// </summary>
public sealed class DrillService(SiteContext site, OperationService operations)
{
    /// <summary>Makes the clone at the replica's site; follow the operation, then connect to the drill's id there.</summary>
    public async ValueTask<Outcome<Drill>> StartAsync(Actor actor, StartDrillRequest request, CancellationToken cancellationToken)
    {
        var limit = Drill.Limit(request.LimitSeconds);
        if (limit.IsRefused)
        {
            return limit.Refusal!;
        }

        var id = site.Ids.NewUuid();
        string? operationId = null;
        var made = await site.DecideAsync<Outcome<Drill>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                var at = Check(state, actor, request);
                if (at.IsRefused)
                {
                    return at.Refusal!;
                }

                var (like, replicaSite) = at.Value;
                Drill.Write(transaction, id, like, replicaSite, site.Now, site.Now + limit.Value, actor);
                operationId = Queue(transaction, actor, RecoveryOperations.StartDrill, id, replicaSite, request.VolumeId);
                return Drill.Read(StateView.Of(transaction), transaction.Find(VolumeEntity.Key(id))!);
            },
            cancellationToken);
        return made.IsRefused ? made : Outcome<Drill>.Queued(made.Value, operationId!);
    }

    /// <summary>Oldest first. Tenants see none.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="volumeId">Only those of this volume; null for all.</param>
    public IReadOnlyList<Drill> List(Actor actor, string? volumeId = null)
    {
        var state = StateView.Of(site.Replica);
        return !actor.IsAdmin
            ? []
            :
            [
                .. Drill.All(state).Select(e => Drill.Read(state, e))
                    .Where(d => volumeId is null || d.VolumeId == volumeId)
                    .OrderBy(d => d.StartedAt).ThenBy(d => d.Id, StringComparer.Ordinal),
            ];
    }

    public Outcome<Drill> Show(Actor actor, string id) =>
        List(actor).FirstOrDefault(d => d.Id == id) is { } drill ? drill : Refusal.NotFound("drill", id);

    /// <summary>Drops the clone with all that was written to it, and ends its connections. Asking twice follows one operation.</summary>
    public async ValueTask<Outcome<Drill>> StopAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        string? operationId = null;
        var stopped = await site.DecideAsync<Outcome<Drill>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin || state.Find(EntityKinds.Volume, id) is not { } entity || entity.Text(VolumeEntity.DrillOf) is not { } of)
                {
                    return Refusal.NotFound("drill", id);
                }

                var drill = Drill.Read(state, entity);
                if (drill.GroupDrillId is { } whole)
                {
                    return Refusal.State($"Drill {id} is part of drill {whole} of a group, and is dropped with it.", $"Stop drill {whole} of the group.");
                }

                operationId = OperationEntity.Unfinished(state)
                    .FirstOrDefault(o => o.Kind == RecoveryOperations.StopDrill && o.Entity == VolumeEntity.Key(id))?.Id
                    ?? Queue(transaction, actor, RecoveryOperations.StopDrill, id, drill.Site, of);
                return drill;
            },
            cancellationToken);
        return stopped.IsRefused ? stopped : Outcome<Drill>.Queued(stopped.Value, operationId!);
    }

    private string Queue(ITransaction transaction, Actor actor, string kind, string id, string atSite, string volumeId) =>
        operations.Enqueue(
            transaction,
            new OperationRequest(
                kind, VolumeEntity.Key(id), atSite,
                FieldValue.Serialize(new DrillParameters(volumeId), RecoveryJson.Default.DrillParameters)),
            actor);

    private Outcome<(Entity Like, string Site)> Check(StateView state, Actor actor, StartDrillRequest request)
    {
        if (state.Find(EntityKinds.Volume, request.VolumeId) is not { } volume || !actor.MaySee(volume.Text("project_id")))
        {
            return Refusal.NotFound("volume", request.VolumeId);
        }

        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Drills are made by administrators.");
        }

        var names = new SiteDirectory(site, state);
        var owner = Generations.Owner(Generations.Of(state, request.VolumeId)) ?? volume.Text("site", "");
        var replicas = Relation.OfVolume(state, request.VolumeId).Select(r => r.ReplicaOf(owner).Site).Distinct().ToList();
        if (request.Site is { } named)
        {
            var resolved = names.Resolve(named);
            return resolved.IsRefused ? resolved.Refusal! with { Field = "site" }
                : CiphertextOnly.Check(state, request.VolumeId, resolved.Value, names) is { } unreadable ? unreadable
                : replicas.Contains(resolved.Value) ? (volume, resolved.Value)
                : resolved.Value == owner ? Refusal.State(
                    $"Site {names.NameOf(owner)} is the primary of volume {request.VolumeId}; a drill is of a replica.", "Clone the volume there instead.")
                : Refusal.State($"Site {names.NameOf(resolved.Value)} has no replica of volume {request.VolumeId}.", "Name a site that has one.");
        }

        return replicas switch
        {
            [var only] => CiphertextOnly.Check(state, request.VolumeId, only, names) is { } unreadable ? unreadable : (volume, only),
            [] => Refusal.State($"Volume {request.VolumeId} is not replicated.", "Make a replication first."),
            _ => Refusal.Invalid(
                "site", $"Volume {request.VolumeId} has replicas at {string.Join(", ", replicas.Select(names.NameOf))}.", "Name one."),
        };
    }
}
