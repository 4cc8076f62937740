using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.State;

namespace Skerry.Domain.Groups;

/// <summary>What administrators do with consistency groups. Everything is answered from this site.</summary>
public sealed class GroupService(SiteContext site, ReplicationService replications, IEnumerable<IMarkKeeper> keepers, ILinkStatus links)
{
    private const long LongestCutIntervalSeconds = 3600;
    private const int MaxNameLength = 255;

    private readonly GroupViews _views = new(site, replications, new GroupMarks([.. keepers]), links);

    /// <summary>Makes a group, with members when some are named.</summary>
    public async ValueTask<Outcome<GroupView>> CreateAsync(
        Actor actor, string name, IReadOnlyList<string> volumeIds, CancellationToken cancellationToken)
    {
        if (!actor.IsAdmin)
        {
            return new Refusal(RefusalKind.NotAllowed, "Groups are made by administrators.");
        }

        if (name.Length is 0 or > MaxNameLength)
        {
            return Refusal.Invalid("name", $"A group's name has 1 to {MaxNameLength} characters.");
        }

        var id = site.Ids.NewUuid();
        var outcome = await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                if (Group.All(state).FirstOrDefault(g => g.Name == name) is { } known)
                {
                    return new Refusal(RefusalKind.Conflict, $"There is a group {name} already, {known.Id}.", "Use that one, or give another name.");
                }

                var group = new Group(
                    id, name, null, null, ReplicationModes.Instant, null, null, ReturnPolicies.Resync, Group.DefaultCutIntervalSeconds, site.Now);
                group.Write(transaction);
                foreach (var volumeId in volumeIds.Distinct(StringComparer.Ordinal))
                {
                    if (GroupAdmission.Check(site, StateView.Of(transaction), actor, group, volumeId) is { } refusal)
                    {
                        return refusal;
                    }

                    GroupMembers.Add(transaction, volumeId, id);
                }

                return default(Unit);
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : await ShowAsync(actor, id, cancellationToken);
    }

    /// <param name="actor">Who asks.</param>
    /// <param name="nameOrId">A name that only one group has, or an id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<GroupView>> ShowAsync(Actor actor, string nameOrId, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var found = Find(state, actor, nameOrId);
        return found.IsRefused ? found.Refusal! : await _views.OfAsync(state, found.Value, cancellationToken);
    }

    /// <summary>By name. Tenants see none.</summary>
    public async ValueTask<IReadOnlyList<GroupView>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var views = new List<GroupView>();
        foreach (var group in Group.All(state).Where(_ => actor.IsAdmin).OrderBy(g => g.Name, StringComparer.Ordinal).ThenBy(g => g.Id, StringComparer.Ordinal))
        {
            views.Add(await _views.OfAsync(state, group, cancellationToken));
        }

        return views;
    }

    /// <summary>Adds a volume; with the group replicated, it is replicated too. A member that is added again stays one.</summary>
    public async ValueTask<Outcome<GroupView>> AddAsync(Actor actor, string groupId, string volumeId, CancellationToken cancellationToken)
    {
        var outcome = await ChangeAsync(
            actor, groupId,
            (transaction, group) =>
            {
                if (GroupAdmission.Check(site, StateView.Of(transaction), actor, group, volumeId) is { } refusal)
                {
                    return refusal;
                }

                GroupMembers.Add(transaction, volumeId, group.Id);
                return null;
            },
            cancellationToken);
        if (outcome.IsRefused)
        {
            return outcome.Refusal!;
        }

        return outcome.Value.TargetSite is null
            ? await ShowAsync(actor, outcome.Value.Id, cancellationToken)
            : await RelateAsync(actor, outcome.Value, cancellationToken);
    }

    /// <summary>Takes a volume out; its replication stays as it is, and is from then on its own. Idempotent.</summary>
    public async ValueTask<Outcome<GroupView>> RemoveAsync(Actor actor, string groupId, string volumeId, CancellationToken cancellationToken)
    {
        var outcome = await ChangeAsync(
            actor, groupId,
            (transaction, group) =>
            {
                if (GroupMembers.GroupOf(StateView.Of(transaction), volumeId)?.Id == group.Id)
                {
                    GroupMembers.Remove(transaction, volumeId);
                }

                return null;
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : await ShowAsync(actor, outcome.Value.Id, cancellationToken);
    }

    /// <summary>Ends the group. The volumes and their replications stay, each on its own.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string groupId, CancellationToken cancellationToken)
    {
        var outcome = await ChangeAsync(
            actor, groupId,
            (transaction, group) =>
            {
                foreach (var volumeId in GroupMembers.Of(StateView.Of(transaction), group.Id))
                {
                    GroupMembers.Remove(transaction, volumeId);
                }

                transaction.Delete(Group.Key(group.Id));
                return null;
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : default(Unit);
    }

    /// <summary>
    /// Replicates all members to one site in one mode: makes the relations that are missing and keeps those that fit. One in another
    /// mode is refused, by name; what was made before it stays.
    /// </summary>
    public async ValueTask<Outcome<GroupView>> ReplicateAsync(
        Actor actor, string groupId, ReplicateGroupRequest request, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var found = Find(state, actor, groupId);
        if (found.IsRefused)
        {
            return found.Refusal!;
        }

        var target = new SiteDirectory(site, state).Resolve(request.TargetSite);
        if (target.IsRefused)
        {
            return target.Refusal! with { Field = "target_site" };
        }

        var cutInterval = request.CutIntervalSeconds ?? Group.DefaultCutIntervalSeconds;
        if (cutInterval is < 1 or > LongestCutIntervalSeconds)
        {
            return Refusal.Invalid("cut_interval_seconds", $"cut_interval_seconds is from 1 to {LongestCutIntervalSeconds}, not {cutInterval}.");
        }

        if (request.CutIntervalSeconds is not null && request.Mode != ReplicationModes.Instant)
        {
            return Refusal.Invalid("cut_interval_seconds", $"In mode {request.Mode} each run is a cut; cut_interval_seconds goes with {ReplicationModes.Instant} only.");
        }

        if (found.Value.TargetSite is { } known && known != target.Value)
        {
            return Refusal.State(
                $"Group {found.Value.Name} is replicated to site {new SiteDirectory(site, state).NameOf(known)} already.",
                "Delete the group and make it anew to replicate it elsewhere; the volumes and their replicas stay.");
        }

        if ((Retention.Check("keep_source", request.KeepSource) ?? Retention.Check("keep_target", request.KeepTarget)) is { } unread)
        {
            return unread;
        }

        // One start for all, or their runs would drift apart.
        var group = found.Value with
        {
            TargetSite = target.Value,
            TargetBackend = request.TargetBackend,
            Mode = request.Mode,
            IntervalSeconds = request.IntervalSeconds,
            StartAt = request.Mode == ReplicationModes.Instant ? request.StartAt : request.StartAt ?? found.Value.StartAt ?? site.Now,
            OnReturn = request.OnReturn,
            CutIntervalSeconds = cutInterval,
            KeepSource = request.KeepSource ?? found.Value.KeepSource,
            KeepTarget = request.KeepTarget ?? found.Value.KeepTarget,
        };
        if (GroupMembers.Of(state, group.Id).Count == 0)
        {
            return Refusal.State($"Group {group.Name} has no volumes.", "Add some first.");
        }

        var related = await RelateAsync(actor, group, cancellationToken);
        if (related.IsRefused)
        {
            return related.Refusal!;
        }

        if (request.KeepSource is not null || request.KeepTarget is not null)
        {
            foreach (var relation in GroupStanding.Of(StateView.Of(site.Replica), group).Members.Select(m => m.Relation).OfType<Relation>())
            {
                var kept = await replications.SetAsync(
                    actor, relation.Id, new ReplicationSettings { KeepSource = request.KeepSource, KeepTarget = request.KeepTarget }, cancellationToken);
                if (kept.IsRefused)
                {
                    return kept.Refusal!;
                }
            }
        }

        var outcome = await ChangeAsync(
            actor, group.Id,
            (transaction, _) =>
            {
                group.Write(transaction);
                return null;
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : await ShowAsync(actor, group.Id, cancellationToken);
    }

    /// <summary>Asks for a run of all members now, of one instant; an instant group is asked to settle each.</summary>
    public async ValueTask<Outcome<GroupView>> SyncAsync(Actor actor, string groupId, CancellationToken cancellationToken)
    {
        var outcome = await ChangeAsync(
            actor, groupId,
            (transaction, group) =>
            {
                // All at once: members that learn of it one after the other would begin runs of different cuts.
                var relations = GroupStanding.Of(StateView.Of(transaction), group).Members.Select(m => m.Relation).OfType<Relation>().ToList();
                if (relations.FirstOrDefault(r => r.IsPaused) is { } paused)
                {
                    return Refusal.State(
                        $"The replication {paused.Id} of its member {paused.VolumeId} is paused.", "Resume it first.");
                }

                foreach (var relation in relations)
                {
                    transaction.Set(Relation.Key(relation.Id), Relation.SyncRequestedField, site.Now);
                }

                return null;
            },
            cancellationToken);
        return outcome.IsRefused ? outcome.Refusal! : await ShowAsync(actor, outcome.Value.Id, cancellationToken);
    }

    internal static Outcome<Group> Find(StateView state, Actor actor, string nameOrId)
    {
        if (!actor.IsAdmin)
        {
            return Refusal.NotFound("group", nameOrId);
        }

        if (Group.Find(state, nameOrId) is { } byId)
        {
            return byId;
        }

        var named = Group.All(state).Where(g => g.Name == nameOrId).ToList();
        return named switch
        {
            [var one] => one,
            [] => Refusal.NotFound("group", nameOrId),
            _ => Refusal.Invalid("group", $"There are {named.Count} groups {nameOrId}.", $"Give the id of one: {string.Join(", ", named.Select(g => g.Id))}."),
        };
    }

    /// <summary>Makes the relations that are missing.</summary>
    private async ValueTask<Outcome<GroupView>> RelateAsync(Actor actor, Group group, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        foreach (var member in GroupStanding.Of(state, group).Members)
        {
            if (member.Relation is { } relation)
            {
                if (relation.Mode != group.Mode || relation.IntervalSeconds != group.IntervalSeconds)
                {
                    return Refusal.State(
                        $"Volume {member.VolumeId} is replicated there already, by replication {relation.Id}, in mode {relation.Mode}{(relation.IntervalSeconds is { } seconds ? $" each {seconds} s" : "")}.",
                        "Give the group that mode and interval, or change that replication's first.");
                }

                continue;
            }

            var made = await replications.CreateAsync(
                actor,
                new CreateReplicationRequest(member.VolumeId, group.TargetSite!, group.TargetBackend)
                {
                    Settings = new()
                    {
                        Mode = group.Mode,
                        IntervalSeconds = group.IntervalSeconds,
                        StartAt = group.StartAt,
                        OnReturn = group.OnReturn,
                        KeepSource = group.KeepSource,
                        KeepTarget = group.KeepTarget,
                    },
                },
                cancellationToken);
            if (made.IsRefused)
            {
                return made.Refusal! with { Message = $"Volume {member.VolumeId} cannot be replicated with the group: {made.Refusal!.Message}" };
            }
        }

        return await ShowAsync(actor, group.Id, cancellationToken);
    }

    private async ValueTask<Outcome<Group>> ChangeAsync(
        Actor actor, string groupId, Func<ITransaction, Group, Refusal?> change, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Group>>(
            actor,
            transaction =>
            {
                var found = Find(StateView.Of(transaction), actor, groupId);
                return found.IsRefused ? found.Refusal!
                    : change(transaction, found.Value) is { } refusal ? refusal
                    : found.Value;
            },
            cancellationToken);
}
