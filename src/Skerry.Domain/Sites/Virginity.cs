using Skerry.Domain.Identity;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>
/// A site that joins a cloud forgets what it has, so it may have nothing but what its first start made. This says what else there is.
/// </summary>
internal static class Virginity
{
    // Whatever people make. The rest a joiner finds again in its new cloud, or makes again by itself.
    private static readonly string[] MadeByPeople =
    [
        EntityKinds.Volume, EntityKinds.Snapshot, EntityKinds.Connection, EntityKinds.Attachment, EntityKinds.Quota, EntityKinds.Generation,
        EntityKinds.Replication, EntityKinds.Operation,
    ];

    /// <summary>Null when the site may forget all that it has.</summary>
    public static Refusal? Check(SiteContext site)
    {
        var state = StateView.Of(site.Replica);
        var found = new List<string>();
        var others = state.List(EntityKinds.Site).Where(s => s.Id != site.SelfText).ToList();
        if (others.Count > 0)
        {
            return Refusal.State(
                $"This site is a member of another cloud, with {string.Join(", ", others.Select(s => s.Text("name", s.Id)))}.",
                "A site is a member of one cloud: start it with an empty data_dir to join another one.");
        }

        Count(IdentityKinds.Domain, e => e.Id != WellKnown.DefaultDomainId);
        Count(IdentityKinds.Project, e => e.Id != WellKnown.AdminProjectId);
        Count(IdentityKinds.User, e => e.Id != WellKnown.AdminUserId);
        Count(IdentityKinds.Role, e => !WellKnown.Roles.Any(r => WellKnown.RoleId(r) == e.Id));
        foreach (var kind in MadeByPeople)
        {
            Count(kind, _ => true);
        }

        return found.Count == 0
            ? null
            : Refusal.State(
                $"This site has data of its own, which it would lose by joining: {string.Join(", ", found)}.",
                "Let the other site join this one's cloud instead, or start this site with an empty data_dir.");

        void Count(string kind, Func<Entity, bool> counts)
        {
            var number = state.List(kind).Count(counts);
            if (number > 0)
            {
                found.Add($"{number} {kind.Replace('_', ' ')}{(number == 1 ? "" : "s")}");
            }
        }
    }
}
