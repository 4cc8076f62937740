using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;

namespace Skerry.Domain.Groups;

/// <summary>What administrators do with consistency groups. Everything is answered from this site.</summary>
public sealed class GroupService(SiteContext site, ReplicationService replications, IEnumerable<IMarkKeeper> keepers)
{
    private const long LongestCutIntervalSeconds = 3600;
    private const int MaxNameLength = 255;

    /// <summary>They are handed over as one.</summary>
    private const int MostVolumes = JointMoves.MostVolumes;

    private readonly GroupMarks _marks = new([.. keepers]);

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
                    if (CheckMember(StateView.Of(transaction), actor, group, volumeId) is { } refusal)
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
        return found.IsRefused ? found.Refusal! : await ViewAsync(state, found.Value, cancellationToken);
    }

    /// <summary>By name. Tenants see none.</summary>
    public async ValueTask<IReadOnlyList<GroupView>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var views = new List<GroupView>();
        foreach (var group in Group.All(state).Where(_ => actor.IsAdmin).OrderBy(g => g.Name, StringComparer.Ordinal).ThenBy(g => g.Id, StringComparer.Ordinal))
        {
            views.Add(await ViewAsync(state, group, cancellationToken));
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
                if (CheckMember(StateView.Of(transaction), actor, group, volumeId) is { } refusal)
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
                    Settings = new() { Mode = group.Mode, IntervalSeconds = group.IntervalSeconds, StartAt = group.StartAt, OnReturn = group.OnReturn },
                },
                cancellationToken);
            if (made.IsRefused)
            {
                return made.Refusal! with { Message = $"Volume {member.VolumeId} cannot be replicated with the group: {made.Refusal!.Message}" };
            }
        }

        return await ShowAsync(actor, group.Id, cancellationToken);
    }

    private Refusal? CheckMember(StateView state, Actor actor, Group group, string volumeId)
    {
        if (state.Find(EntityKinds.Volume, volumeId) is not { } volume || !actor.MaySee(volume.Text("project_id")))
        {
            return Refusal.NotFound("volume", volumeId);
        }

        if (GroupMembers.GroupOf(state, volumeId) is { } other && other.Id != group.Id)
        {
            return new Refusal(RefusalKind.Conflict, $"Volume {volumeId} is in group {other.Name} already.", "Remove it there first.");
        }

        if (GroupMembers.Of(state, group.Id) is { Count: >= MostVolumes } full && !full.Contains(volumeId))
        {
            return new Refusal(
                RefusalKind.Quota, $"Group {group.Name} has {full.Count} volumes; {MostVolumes} is the most that a group can have.",
                "Make another group of those that belong together.");
        }

        if (Relation.OfVolume(state, volumeId).FirstOrDefault(r => r.Failover == FailoverPolicies.Automatic) is { } alone)
        {
            return Refusal.State(
                $"Volume {volumeId} is failed over automatically by replication {alone.Id}, which would promote it alone, wherever it stands; the volumes of a group are promoted together at one instant.",
                $"Set failover of that replication to {FailoverPolicies.Manual} first, and fail the group over by force when its site is lost.");
        }

        var names = new SiteDirectory(site, state);
        var owner = Generations.Owner(Generations.Of(state, volumeId)) ?? volume.Text("site", "");
        foreach (var member in GroupMembers.Of(state, group.Id).Where(m => m != volumeId))
        {
            var at = Generations.Owner(Generations.Of(state, member)) ?? state.Find(EntityKinds.Volume, member)?.Text("site", "");
            if (at != owner)
            {
                return Refusal.State(
                    $"Volume {volumeId} is primary at site {names.NameOf(owner)}, and group {group.Name} at {names.NameOf(at ?? "")}; a cut goes through volumes of one site.",
                    "Fail it over there first.");
            }
        }

        return null;
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

    private async ValueTask<GroupView> ViewAsync(StateView state, Group group, CancellationToken cancellationToken)
    {
        var standing = GroupStanding.Of(state, group);
        var members = standing.Members.Select(m => Member(state, m)).ToList();
        var (status, reason, nextStep) = Summary(standing, members);
        var (points, pointReason, knownAt, ahead) = await PointsAsync(standing, cancellationToken);
        return new GroupView(
            group.Id, group.Name, standing.PrimarySite, standing.ReplicaSite, standing.HomeSite, group.TargetSite, group.Mode, group.IntervalSeconds,
            group.StartAt, group.OnReturn, group.CutIntervalSeconds, status, reason, nextStep,
            points.Count > 0 ? points[0] : null, pointReason, knownAt, group.Cuts, members, group.CreatedAt)
        {
            RecoveryPoints = points,
            ClockAhead = ahead,
        };
    }

    private GroupMemberView Member(StateView state, Member member)
    {
        var name = state.Find(EntityKinds.Volume, member.VolumeId)?.Text("name");
        if (member.Relation is null)
        {
            return new GroupMemberView(member.VolumeId, name, null, member.PrimarySite, ReplicationWords.Waiting, "It is not replicated with the group.");
        }

        var view = replications.Show(Actor.System("groups"), member.Relation.Id);
        return view.IsRefused
            ? new GroupMemberView(member.VolumeId, name, member.Relation.Id, member.PrimarySite, ReplicationWords.Waiting, view.Refusal!.Message)
            : new GroupMemberView(member.VolumeId, name, member.Relation.Id, member.PrimarySite, view.Value.Status, view.Value.Reason);
    }

    /// <summary>Never better than the worst of the members.</summary>
    private static (string Status, string? Reason, string? NextStep) Summary(GroupStanding standing, IReadOnlyList<GroupMemberView> members)
    {
        if (members.Count == 0)
        {
            return (ReplicationWords.Waiting, "It has no volumes.", "Add some.");
        }

        if (standing.Group.TargetSite is null)
        {
            return (ReplicationWords.Waiting, "It is not replicated.", "Replicate it.");
        }

        if (standing.PrimarySite is null && standing.Members.All(m => m.PrimarySite is not null))
        {
            return (ReplicationWords.Error, "Its volumes are primary at different sites, so they cannot be cut together.", "Fail over or back those that stand apart.");
        }

        var worst = members.FirstOrDefault(m => m.Status is not (ReplicationWords.Secondary or ReplicationWords.Updating))
            ?? members.FirstOrDefault(m => m.Status != ReplicationWords.Secondary);
        return worst is null ? (ReplicationWords.Secondary, null, null)
            : (worst.Status, worst.Reason is null ? null : $"Volume {worst.VolumeName ?? worst.VolumeId}: {worst.Reason}", null);
    }

    /// <summary>The newest first; from the copies themselves where they are here, else what their site said last.</summary>
    private async ValueTask<(IReadOnlyList<Cut> Points, string? Reason, DateTimeOffset? KnownAt, TimeSpan ClockAhead)> PointsAsync(
        GroupStanding standing, CancellationToken cancellationToken)
    {
        if (standing.ReplicaSite == site.SelfText)
        {
            var point = GroupPoint.Of(await _marks.OfAsync(standing.Members.Select(m => m.VolumeId), cancellationToken));
            return (point.Kept, point.Newest is null ? "No cut has reached all members yet." : null, site.Now, point.ClockAhead ?? TimeSpan.Zero);
        }

        if (standing.Group.Point is not { } said)
        {
            return ([], "The replicas' site has not reported any yet.", null, TimeSpan.Zero);
        }

        // A site of the version before tells of the newest alone.
        var kept = said.Kept.Count > 0 ? said.Kept : said.CutId is { } newest ? [newest] : [];
        return ([.. kept.Select(Cut.Parse).OfType<Cut>()], said.Reason, said.At, TimeSpan.Zero);
    }
}
