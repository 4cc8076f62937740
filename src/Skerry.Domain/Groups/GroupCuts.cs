using System.Collections.Concurrent;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Groups;

/// <summary>
/// Joins the runs of a group's members: whoever finds one due says so here, the group is cut, and then all that are due ship that cut.
/// </summary>
/// <remarks>It is between two reconcilers of one daemon and lost with it: what is due is found again from the state.</remarks>
public sealed class GroupCuts
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);

    /// <summary>True when every relation of this site was looked at, so that what is not due is known not to be.</summary>
    public bool IsKnown { get; internal set; }

    internal void Due(string replicationId, DateTimeOffset run) => _due[replicationId] = run;

    internal void NotDue(string replicationId) => _due.TryRemove(replicationId, out _);

    /// <summary>The latest run that is due of these relations; null when none is.</summary>
    internal DateTimeOffset? Latest(IEnumerable<string> replicationIds) =>
        replicationIds.Max(id => _due.TryGetValue(id, out var run) ? run : (DateTimeOffset?)null);

    /// <summary>The group that carries the relation by runs; null when none does.</summary>
    internal static Group? Carrier(StateView state, Relation relation) =>
        GroupMembers.GroupOf(state, relation.VolumeId) is { TargetSite: { } target, Mode: not ReplicationModes.Instant } group
        && (relation.OtherSite == target || relation.HomeSite == target)
            ? group
            : null;

    /// <summary>
    /// The run of a cut that another member's run caused and that this one has not shipped: a cut that one member lacks is no recovery
    /// point. Null when there is none, and for one that was taken elsewhere, whose snapshots are not here.
    /// </summary>
    internal static DateTimeOffset? Owed(Group group, Relation relation, string self) =>
        group.Shipped is { } shipped && shipped.Site == self && relation.Source?.CompletedRun < shipped.Run ? shipped.Run : null;

    /// <summary>The cut that a run ships; null while it is still to be taken, and the run waits for it.</summary>
    internal static ShippedCut? CutOf(Group group, DateTimeOffset run) => group.Shipped is { } shipped && shipped.Run >= run ? shipped : null;
}
