using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>What any site can tell of whether a planned move would be refused; the primary's site looks again.</summary>
internal sealed class PlannedMoveCheck(SiteContext site, ExportRegistry? exports, FreshStatuses? fresh)
{
    /// <summary>Whether a planned move may be asked for, as far as it is known here; the primary's site decides.</summary>
    public Refusal? Check(StateView state, PrimaryMove move)
    {
        var names = new SiteDirectory(site, state);
        var current = move.Primary.Current;
        if (move.Primary.IsSplitBrain)
        {
            return Refusal.State(
                $"Generation {current.Number} of volume {move.VolumeId} was promoted at more than one site.",
                "Promote the copy to keep by force.");
        }

        if (CiphertextOnly.Check(state, move.VolumeId, move.ToSite, names) is { } unreadable)
        {
            return unreadable;
        }

        var relation = move.Relation;
        if (relation is null || relation.ReplicaOf(current.Site).Site != move.ToSite)
        {
            return Refusal.State(
                $"Volume {move.VolumeId} has no replica at site {move.ToName}.", "Replicate it there first, or name another site.");
        }

        if (relation.SourceOf(current.Site) is var between && between != current.Site)
        {
            return Refusal.State(
                $"The replica of volume {move.VolumeId} at site {move.ToName} follows site {names.NameOf(between)}, not the primary, and may be behind it.",
                $"Fail over to site {names.NameOf(between)} first; or by force when the primary is lost.");
        }

        // What this site knows of a replica is the newest only where the primary is; elsewhere the primary's site is asked.
        var (status, reason, nextStep) = ReplicationSummary.Of(
            fresh?.Apply(relation, move.Primary, site.SelfText, site.Now) ?? relation, move.Primary);
        return current.Site != site.SelfText && status != ReplicationWords.Paused ? null
            : status == ReplicationWords.Secondary || (relation.Mode != ReplicationModes.Instant && status == ReplicationWords.Updating) ? null
            : Refusal.State(
                $"The replica of volume {move.VolumeId} at site {names.NameOf(move.ToSite)} is {status}{(reason is null ? "." : $": {reason}")}",
                nextStep ?? $"Wait until it is {ReplicationWords.Secondary}, or fail over by force when the primary is lost.");
    }

    /// <summary>Who would be cut off by it, as far as it is known here; null when nobody would, or is to be.</summary>
    public Refusal? CheckWriters(StateView state, PrimaryMove move, bool drain) =>
        drain ? null : AttachedWriters.Refusal(state, move.Primary.Current.Site == site.SelfText ? exports : null, move.VolumeId);
}
