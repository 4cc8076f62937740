using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Groups;

/// <summary>Which volumes are in which group. The entity's id is the volume's, so a volume is in one group at most, whoever adds it.</summary>
internal static class GroupMembers
{
    private const string GroupField = "group_id";

    /// <summary>
    /// Ids of volumes that there are, in order. One that two groups claim is in neither until a person chose: what is moved with the wrong
    /// group is not undone by the choice.
    /// </summary>
    public static IReadOnlyList<string> Of(StateView state, string groupId) =>
    [
        .. state.List(EntityKinds.GroupMember)
            .Where(m => m.Text(GroupField) == groupId && !m.IsContested(GroupField) && state.Find(EntityKinds.Volume, m.Id) is not null)
            .Select(m => m.Id),
    ];

    public static Group? GroupOf(StateView state, string volumeId) =>
        state.Find(EntityKinds.GroupMember, volumeId) is { } member && !member.IsContested(GroupField) && member.Text(GroupField) is { } id
            ? Group.Find(state, id)
            : null;

    /// <summary>Whether two groups claim the volume.</summary>
    public static bool IsInConflict(StateView state, string volumeId) =>
        state.Find(EntityKinds.GroupMember, volumeId)?.IsContested(GroupField) == true;

    public static void Add(ITransaction transaction, string volumeId, string groupId)
    {
        transaction.Revive(Key(volumeId));
        transaction.Set(Key(volumeId), GroupField, groupId);
    }

    public static void Remove(ITransaction transaction, string volumeId) => transaction.Delete(Key(volumeId));

    private static EntityKey Key(string volumeId) => new(EntityKinds.GroupMember, volumeId);
}

/// <summary>A member as the group sees it.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Primary">Who is primary; null while it is being created.</param>
/// <param name="Relation">What carries it to the group's target and back; null when it has none yet.</param>
internal sealed record Member(string VolumeId, PrimaryView? Primary, Relation? Relation)
{
    /// <summary>The one site that is primary; null when nobody is, or two are.</summary>
    public string? PrimarySite => Primary is { IsSplitBrain: false, Current: { IsDemoted: false } current } ? current.Site : null;

    /// <summary>Where its replica in the group is, while it has a primary.</summary>
    public string? ReplicaSite => PrimarySite is { } primary ? Relation?.ReplicaOf(primary).Site : null;
}

/// <summary>Where a group's members stand, read off the state at one moment.</summary>
internal sealed record GroupStanding(Group Group, IReadOnlyList<Member> Members)
{
    public static GroupStanding Of(StateView state, Group group) => new(
        group,
        [
            .. GroupMembers.Of(state, group.Id).Select(volumeId => new Member(
                volumeId,
                Generations.Primary(state, volumeId),
                group.TargetSite is { } target
                    ? Relation.OfVolume(state, volumeId).FirstOrDefault(r => r.OtherSite == target || r.HomeSite == target)
                    : null)),
        ]);

    /// <summary>The site that is primary of all members; null when it is not one.</summary>
    public string? PrimarySite => One(Members.Select(m => m.PrimarySite));

    /// <summary>The site that holds the replicas of all members; null when it is not one.</summary>
    public string? ReplicaSite => One(Members.Select(m => m.ReplicaSite));

    /// <summary>The two sites between which the group moves: the relations' home, and its target.</summary>
    public string? HomeSite => One(Members.Select(m => m.Relation?.HomeSite));

    private static string? One(IEnumerable<string?> sites)
    {
        var distinct = sites.Distinct(StringComparer.Ordinal).Take(2).ToList();
        return distinct is [{ } only] ? only : null;
    }
}
