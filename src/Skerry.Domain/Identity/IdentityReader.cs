using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>Identity as the replicated state has it now, without regard to who asks.</summary>
internal static class IdentityReader
{
    public static IdentityDomain ToDomain(Entity entity, string name) =>
        new(entity.Id, name, entity.Text("description", ""), entity.Flag("enabled", fallback: true));

    public static Project ToProject(Entity entity, string name) => new(
        entity.Id,
        entity.Text("domain_id", WellKnown.DefaultDomainId),
        name,
        entity.Text("name", entity.Id),
        entity.Text("description", ""),
        entity.Flag("enabled", fallback: true));

    public static User ToUser(Entity entity, string name) => new(
        entity.Id,
        entity.Text("domain_id", WellKnown.DefaultDomainId),
        name,
        entity.Text("name", entity.Id),
        entity.Text("description", ""),
        entity.Text("email"),
        entity.Text("default_project_id"),
        entity.Flag("enabled", fallback: true));

    public static Role ToRole(Entity entity) => new(entity.Id, entity.Text("name", entity.Id), entity.Text("description", ""));

    public static RoleAssignment? ToAssignment(Entity entity)
    {
        var parts = entity.Id.Split('/');
        if (parts.Length != 3)
        {
            return null;
        }

        var colon = parts[1].IndexOf(':', StringComparison.Ordinal);
        var scope = (colon < 0 ? parts[1] : parts[1][..colon]) switch
        {
            "project" => TokenScope.Project(parts[1][(colon + 1)..]),
            "domain" => TokenScope.Domain(parts[1][(colon + 1)..]),
            "system" => TokenScope.System,
            _ => TokenScope.Unscoped,
        };
        return scope.Kind == ScopeKind.Unscoped ? null : new RoleAssignment(parts[0], parts[2], scope);
    }

    public static IdentityDomain? FindDomain(this Replica replica, string id) =>
        replica.FindLive(IdentityKinds.Domain, id) is { } entity
            ? ToDomain(entity, UniqueNames.Of(entity, replica.List(IdentityKinds.Domain)))
            : null;

    public static Project? FindProject(this Replica replica, string id) =>
        replica.FindLive(IdentityKinds.Project, id) is { } entity
            ? ToProject(entity, UniqueNames.Of(entity, replica.List(IdentityKinds.Project)))
            : null;

    public static User? FindUser(this Replica replica, string id) =>
        replica.FindLive(IdentityKinds.User, id) is { } entity
            ? ToUser(entity, UniqueNames.Of(entity, replica.List(IdentityKinds.User)))
            : null;

    public static Role? FindRole(this Replica replica, string id) =>
        replica.FindLive(IdentityKinds.Role, id) is { } entity ? ToRole(entity) : null;

    /// <summary>The roles that the user was given in the scope, with those that they imply, the most powerful first.</summary>
    public static IReadOnlyList<Role> RolesIn(this Replica replica, string userId, TokenScope scope)
    {
        var given = new List<Role>();
        foreach (var role in replica.List(IdentityKinds.Role))
        {
            if (replica.FindLive(IdentityKinds.Assignment, AssignmentService.IdOf(userId, scope, role.Id)) is not null)
            {
                given.Add(ToRole(role));
            }
        }

        return RoleImplication.Expand(given, replica);
    }
}
