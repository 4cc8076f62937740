using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;

namespace Skerry.Domain.Groups;

/// <summary>What this site can say of a group now, from the state and from the copies that are here.</summary>
internal sealed class GroupViews(SiteContext site, ReplicationService replications, GroupMarks marks, ILinkStatus links)
{
    public async ValueTask<GroupView> OfAsync(StateView state, Group group, CancellationToken cancellationToken)
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
            KeepSource = group.KeepSource,
            KeepTarget = group.KeepTarget,
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
        return worst is null ? (ReplicationWords.Secondary, standing.Group.Cuts?.Reason, null)
            : (worst.Status, worst.Reason is null ? null : $"Volume {worst.VolumeName ?? worst.VolumeId}: {worst.Reason}", null);
    }

    /// <summary>The newest first; from the copies themselves where they are here, else what their site said last.</summary>
    private async ValueTask<(IReadOnlyList<Cut> Points, string? Reason, DateTimeOffset? KnownAt, TimeSpan ClockAhead)> PointsAsync(
        GroupStanding standing, CancellationToken cancellationToken)
    {
        if (standing.ReplicaSite == site.SelfText)
        {
            var point = GroupPoint.Of(await marks.OfAsync(standing.Members.Select(m => m.VolumeId), cancellationToken));
            return (point.Kept, point.Newest is null ? "No cut has reached all members yet." : null, site.Now, point.ClockAhead ?? TimeSpan.Zero);
        }

        if (standing.Group.Point is not { } said)
        {
            return ([], "The replicas' site has not reported any yet.", null, TimeSpan.Zero);
        }

        // A site of the version before tells of the newest alone.
        var kept = said.Kept.Count > 0 ? said.Kept : said.CutId is { } newest ? [newest] : [];
        return ([.. kept.Select(Cut.Parse).OfType<Cut>()], said.Reason, said.At, ClockAhead(standing, said));
    }

    /// <summary>The primary's own clock is the one that cuts are dated by; a third site has it from the replicas' site.</summary>
    private TimeSpan ClockAhead(GroupStanding standing, PointStatus said) =>
        standing.PrimarySite != site.SelfText && said.ClockAheadMilliseconds is { } ahead && standing.ReplicaSite is { } replica
            ? TimeSpan.FromMilliseconds(ahead) - new Reach(site, StateView.Of(site.Replica), links).ClockAhead(replica)
            : TimeSpan.Zero;
}
