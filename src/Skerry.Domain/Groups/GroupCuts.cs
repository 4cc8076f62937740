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

    /// <summary>
    /// False for a relation that no group carries. Else the cut that its due run ships; null while it is still to be taken, and the
    /// run waits for it.
    /// </summary>
    internal static bool IsOfGroup(StateView state, Relation relation, DateTimeOffset run, out ShippedCut? cut)
    {
        cut = null;
        if (GroupMembers.GroupOf(state, relation.VolumeId) is not { TargetSite: { } target, Mode: not ReplicationModes.Instant } group
            || (relation.OtherSite != target && relation.HomeSite != target))
        {
            return false;
        }

        cut = group.Shipped is { } shipped && shipped.Run >= run ? shipped : null;
        return true;
    }
}
