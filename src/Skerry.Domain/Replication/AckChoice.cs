using Skerry.Domain.Groups;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>What people chose a relation's acknowledgements to promise, as a whole: it must make sense as one.</summary>
internal sealed record AckChoice(string Ack, string OnIsolation, string Failover)
{
    public static AckChoice Default { get; } = new(AckPolicies.Local, IsolationPolicies.Continue, FailoverPolicies.Manual);

    public static AckChoice Of(Relation relation) => new(relation.Ack, relation.OnIsolation, relation.Failover);

    public AckChoice With(ReplicationSettings wanted) =>
        new(wanted.Ack ?? Ack, wanted.OnIsolation ?? OnIsolation, wanted.Failover ?? Failover);

    /// <summary>Null when all is well.</summary>
    /// <param name="mode">The relation's, with this.</param>
    /// <param name="others">The volume's other relations.</param>
    /// <param name="isPassedOn">Whether a replica passes on what it has: it acknowledges nothing.</param>
    public Refusal? Check(string mode, IEnumerable<Relation> others, bool isPassedOn) =>
        !AckPolicies.All.Contains(Ack)
            ? Refusal.Invalid("ack", $"ack cannot be {Ack}.", $"Use {string.Join(" or ", AckPolicies.All)}.")
        : !IsolationPolicies.All.Contains(OnIsolation)
            ? Refusal.Invalid("on_isolation", $"on_isolation cannot be {OnIsolation}.", $"Use {string.Join(" or ", IsolationPolicies.All)}.")
        : !FailoverPolicies.All.Contains(Failover)
            ? Refusal.Invalid("failover", $"failover cannot be {Failover}.", $"Use {string.Join(" or ", FailoverPolicies.All)}.")
        : isPassedOn && this != Default
            ? Refusal.Invalid(
                Ack != Default.Ack ? "ack" : OnIsolation != Default.OnIsolation ? "on_isolation" : "failover",
                "A replica that passes on what it has takes no writes, so there is nothing that it could acknowledge.",
                "Choose it for the replication from the primary.")
        : Failover == FailoverPolicies.Automatic && OnIsolation != IsolationPolicies.Stop
            ? Refusal.Invalid(
                "failover", "A replica can be promoted automatically only when its primary stops by itself when it is cut off.",
                $"Set on_isolation to {IsolationPolicies.Stop} as well.")
        : mode != ReplicationModes.Instant && Ack != AckPolicies.Local
            ? Refusal.Invalid("ack", $"Flushes can wait for a replica in mode {ReplicationModes.Instant} only.")
        : mode != ReplicationModes.Instant && OnIsolation != IsolationPolicies.Continue
            ? Refusal.Invalid(
                "on_isolation", $"A primary can stop for its replica in mode {ReplicationModes.Instant} only.",
                $"Set on_isolation to {IsolationPolicies.Continue} first.")
        : OnIsolation == IsolationPolicies.Stop && others.FirstOrDefault(r => r.OnIsolation == IsolationPolicies.Stop) is { } second
            ? Refusal.Invalid(
                "on_isolation", $"Volume {second.VolumeId} stops for replication {second.Id} already, and only one target can hold its lease.",
                $"Set on_isolation of that one to {IsolationPolicies.Continue} first.")
        : null;

    /// <summary>
    /// A volume of a group is brought to the group's cut when its site is lost, with the others. By itself it would be promoted where it
    /// happens to stand. Null when it is in none, or a person promotes it.
    /// </summary>
    public Refusal? CheckGroup(StateView state, string volumeId) =>
        Failover == FailoverPolicies.Automatic && GroupMembers.GroupOf(state, volumeId) is { } group
            ? Refusal.State(
                $"Volume {volumeId} is in group {group.Name}, whose volumes are promoted together at one instant; automatic failover would promote it alone, wherever it stands.",
                $"Leave failover at {FailoverPolicies.Manual} and fail the group over by force when its site is lost; or take the volume out of the group.")
            : null;

    /// <summary>
    /// Why the relation cannot be ended, paused, moved or taken out of instant mode now: its target may hold the right to promote
    /// itself, and must give it back before the primary may do without its lease. Null when it can.
    /// </summary>
    public static Refusal? ReasonToKeep(StateView state, Relation relation, string what)
    {
        if (relation.Stops)
        {
            return Refusal.State(
                $"Volume {relation.VolumeId} acknowledges nothing without the replica of replication {relation.Id}, so it cannot be {what}.",
                $"Set its on_isolation to {IsolationPolicies.Continue} first.");
        }

        var current = Generations.Primary(state, relation.VolumeId)?.Current;
        return relation.Source is { Acks.IsUnderLease: true } source && source.Generation == current?.Number
            ? Refusal.State(
                $"The target of replication {relation.Id} has not given back yet that it may promote itself, so it cannot be {what}.",
                "Wait until the two sites reach each other; or fence the target's site, once it is certain that it does not run.")
            : null;
    }

    public void Write(ITransaction transaction, EntityKey key, AckChoice? before)
    {
        foreach (var (field, value, was) in ((string, string, string)[])
        [
            (Relation.AckField, Ack, (before ?? Default).Ack),
            (Relation.OnIsolationField, OnIsolation, (before ?? Default).OnIsolation),
            (Relation.FailoverField, Failover, (before ?? Default).Failover),
        ])
        {
            if (value != was)
            {
                transaction.Set(key, field, value);
            }
        }
    }
}
