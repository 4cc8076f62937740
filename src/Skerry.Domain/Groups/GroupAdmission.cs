using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Groups;

/// <summary>Whether a volume may become a member of a group.</summary>
internal static class GroupAdmission
{
    /// <summary>They are handed over as one.</summary>
    private const int MostVolumes = JointMoves.MostVolumes;

    /// <summary>Null when it may.</summary>
    public static Refusal? Check(SiteContext site, StateView state, Actor actor, Group group, string volumeId)
    {
        if (state.Find(EntityKinds.Volume, volumeId) is not { } volume || !actor.MaySee(volume.Text("project_id")))
        {
            return Refusal.NotFound("volume", volumeId);
        }

        if (GroupMembers.IsInConflict(state, volumeId))
        {
            return new Refusal(
                RefusalKind.Conflict, $"Volume {volumeId} is claimed by two groups that did not know of each other.",
                $"Choose one: skerry conflict list --entity {volumeId}");
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
}
