using Skerry.Domain.Identity;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Which conflicts a caller sees, and what of their values.</summary>
internal sealed class ConflictSight(SiteContext site)
{
    /// <summary>What people of a project write themselves; the rest says where and how a thing is kept.</summary>
    private static readonly IReadOnlySet<string> TenantFields =
        new HashSet<string>(StringComparer.Ordinal) { "name", "description", "metadata", "is_bootable", Entity.LifecycleField, ReferenceConflicts.Field, SeenByDelete.ConflictField };

    /// <summary>Fields whose values nobody is shown, not even as the hashes that they are; they are settled by picking a side.</summary>
    private static readonly IReadOnlySet<(string Kind, string Field)> SecretFields = new HashSet<(string, string)>
    {
        (IdentityKinds.User, "password"),
        (EntityKinds.Connection, "secret_hash"),
        (EntityKinds.Invitation, "hash"),
    };

    private static readonly FieldValue Hidden = FieldValue.FromString("(secret)");

    private readonly SiteDirectory _names = new(site, StateView.Of(site.Replica));

    public static bool IsSecret(EntityKey key, string field) => SecretFields.Contains((key.Kind, field));

    /// <summary>A tenant sees the conflicts of what belongs to its project.</summary>
    public bool MaySee(Actor actor, EntityKey key, string field) =>
        actor.IsAdmin || (TenantFields.Contains(field) && actor.MaySee(site.Replica.Find(key)?.Text("project_id")));

    public string? NameOf(EntityKey key) => site.Replica.Find(key)?.Text("name");

    public ConflictSide Side(EntityKey key, string field, StandingValue value) => new(
        IsSecret(key, field) ? Hidden : value.Value,
        value.Author,
        value.Site.ToString(),
        _names.NameOf(value.Site.ToString()),
        value.Stamp.Time);
}
