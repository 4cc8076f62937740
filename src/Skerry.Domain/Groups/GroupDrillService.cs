using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>
/// What administrators do with drills of groups. All clones of one are there together or not at all, at one cut; whatever is done to
/// them, the replicas that they came from go on following.
/// </summary>
public sealed class GroupDrillService(SiteContext site, OperationService operations, GroupService groups)
{
    /// <summary>
    /// Makes the clones at the replicas' site; follow the operation, then connect to each. Asking for the very same while it is being
    /// made follows that one.
    /// </summary>
    public async ValueTask<Outcome<GroupDrill>> StartAsync(Actor actor, StartGroupDrillRequest request, CancellationToken cancellationToken)
    {
        var limit = Drill.Limit(request.LimitSeconds);
        if (limit.IsRefused)
        {
            return limit.Refusal!;
        }

        Cut? asked = null;
        if (request.CutId is { } text && (asked = Cut.Parse(text)) is null)
        {
            return Refusal.Invalid("cut_id", $"{text} is no cut.", "Name one of the group's recovery points by its cut_id, or none for the newest.");
        }

        var view = await groups.ShowAsync(actor, request.GroupId, cancellationToken);
        if (view.IsRefused)
        {
            return view.Refusal!;
        }

        if (Check(view.Value, asked) is { } refusal)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        var clones = view.Value.Members.ToDictionary(m => m.VolumeId, _ => site.Ids.NewUuid(), StringComparer.Ordinal);
        string? operationId = null;
        var made = await site.DecideAsync<Outcome<GroupDrill>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (Group.Find(state, view.Value.Id) is not { } group)
                {
                    return Refusal.NotFound("group", request.GroupId);
                }

                if (UnderWay(state, group.Id, asked, limit.Value) is { } known)
                {
                    operationId = known.OperationId;
                    return known.Drill;
                }

                var drill = new GroupDrill(
                    id, group.Id, group.Name, view.Value.ReplicaSite!, asked, null, site.Now, site.Now + limit.Value, actor.Name, []);
                drill.Write(transaction);
                foreach (var (volumeId, cloneId) in clones)
                {
                    if (state.Find(EntityKinds.Volume, volumeId) is not { } like)
                    {
                        return Refusal.State($"Volume {volumeId} of group {group.Name} was deleted meanwhile.", "Ask again.");
                    }

                    Drill.Write(transaction, cloneId, like, drill.Site, drill.StartedAt, drill.EndsAt, actor, id);
                }

                operationId = Queue(transaction, actor, GroupOperations.StartDrill, drill);
                return GroupDrill.Find(StateView.Of(transaction), id)!;
            },
            cancellationToken);
        return made.IsRefused ? made : Outcome<GroupDrill>.Queued(made.Value, operationId!);
    }

    /// <summary>Oldest first. Tenants see none.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="groupId">Only those of this group, by name or id; null for all.</param>
    public IReadOnlyList<GroupDrill> List(Actor actor, string? groupId = null) =>
        !actor.IsAdmin
            ? []
            :
            [
                .. GroupDrill.All(StateView.Of(site.Replica))
                    .Where(d => groupId is null || d.GroupId == groupId || d.GroupName == groupId)
                    .OrderBy(d => d.StartedAt).ThenBy(d => d.Id, StringComparer.Ordinal),
            ];

    public Outcome<GroupDrill> Show(Actor actor, string id) =>
        List(actor).FirstOrDefault(d => d.Id == id) is { } drill ? drill : Refusal.NotFound("drill", id);

    /// <summary>Drops all clones with what was written to them, and ends their connections. Asking twice follows one operation.</summary>
    public async ValueTask<Outcome<GroupDrill>> StopAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        string? operationId = null;
        var stopped = await site.DecideAsync<Outcome<GroupDrill>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (!actor.IsAdmin || GroupDrill.Find(state, id) is not { } drill)
                {
                    return Refusal.NotFound("drill", id);
                }

                operationId = OperationEntity.Unfinished(state)
                    .FirstOrDefault(o => o.Kind == GroupOperations.StopDrill && o.Entity == GroupDrill.Key(id))?.Id
                    ?? Queue(transaction, actor, GroupOperations.StopDrill, drill);
                return drill;
            },
            cancellationToken);
        return stopped.IsRefused ? stopped : Outcome<GroupDrill>.Queued(stopped.Value, operationId!);
    }

    private string Queue(ITransaction transaction, Actor actor, string kind, GroupDrill drill) =>
        operations.Enqueue(transaction, new OperationRequest(kind, GroupDrill.Key(drill.Id), drill.Site, FieldValue.FromString(drill.GroupId)), actor);

    private static (GroupDrill Drill, string OperationId)? UnderWay(StateView state, string groupId, Cut? asked, TimeSpan limit)
    {
        foreach (var operation in OperationEntity.Unfinished(state).Where(o => o.Kind == GroupOperations.StartDrill && !o.CancelRequested))
        {
            if (GroupDrill.Find(state, operation.Entity.Id) is { } drill && drill.GroupId == groupId && drill.Asked == asked
                && drill.EndsAt - drill.StartedAt == limit)
            {
                return (drill, operation.Id);
            }
        }

        return null;
    }

    /// <summary>What can be known at any site. Which cuts the replicas keep is known where they are, and judged there again.</summary>
    private Refusal? Check(GroupView group, Cut? asked) =>
        group.Members.Count == 0 ? Refusal.State($"Group {group.Name} has no volumes.", "Add some first.")
        : group.TargetSite is null ? Refusal.State($"Group {group.Name} is not replicated.", "Replicate it first.")
        : group.Members.FirstOrDefault(m => m.ReplicationId is null) is { } alone
            ? Refusal.State($"Volume {alone.VolumeId} of group {group.Name} is not replicated with it.", "Replicate the group again.")
        : group.ReplicaSite is null
            ? Refusal.State($"The replicas of group {group.Name} are not all at one site now.", "Fail over or back the volumes that stand apart.")
        : group.ReplicaSite != site.SelfText ? null
        : group.RecoveryPoint is null
            ? Refusal.State($"Group {group.Name} has no recovery point: {group.PointReason}", "Wait for one.")
        : asked is { } cut && !group.RecoveryPoints.Contains(cut)
            ? Refusal.State(
                $"Not all replicas of group {group.Name} keep cut {cut}.",
                $"They keep {string.Join(", ", group.RecoveryPoints)}; name one of these, or none for the newest.")
        : null;
}
