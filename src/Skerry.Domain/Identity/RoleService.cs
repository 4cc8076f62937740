using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>Roles: the three that are always there, and names that an operator adds.</summary>
public sealed class RoleService(SiteContext site)
{
    private Replica Replica => site.Replica;

    public Outcome<IReadOnlyList<Role>> List(Actor actor, string? name)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:list_roles") is { } refusal)
        {
            return refusal;
        }

        return Outcome<IReadOnlyList<Role>>.Of([.. Replica.List(IdentityKinds.Role)
            .Select(IdentityReader.ToRole)
            .Where(role => name is null || string.Equals(role.Name, name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(role => role.Name, StringComparer.Ordinal)]);
    }

    public Outcome<Role> Show(Actor actor, string id)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:get_role") is { } refusal)
        {
            return refusal;
        }

        return Replica.FindRole(id) is { } role ? role : NotFound(id);
    }

    public async ValueTask<Outcome<Role>> CreateAsync(
        Actor actor, string name, string? description, CancellationToken cancellationToken)
    {
        var refused = IdentityAccess.RequireAdmin(actor, "identity:create_role")
            ?? IdentityText.CheckName("name", name, IdentityText.MaxNameLength)
            ?? IdentityText.CheckText("description", description, IdentityText.MaxDescriptionLength);
        if (refused is not null)
        {
            return refused;
        }

        // The same name gives the same role wherever it is made.
        var id = WellKnown.RoleId(name.ToLowerInvariant());
        return await site.DecideAsync<Outcome<Role>>(
            actor,
            transaction =>
            {
                var key = new EntityKey(IdentityKinds.Role, id);
                if (transaction.FindLive(IdentityKinds.Role, id) is not null)
                {
                    return new Refusal(
                        RefusalKind.Conflict,
                        $"Conflict occurred attempting to store role - Duplicate entry found with name {name}.",
                        "Choose another name.",
                        "name");
                }

                if (transaction.Find(key) is not null)
                {
                    transaction.Restore(key);
                }

                transaction.Set(key, "name", FieldValue.FromString(name));
                transaction.Set(key, "description", FieldValue.FromString(description ?? ""));
                return IdentityReader.ToRole(transaction.Find(key)!);
            },
            cancellationToken);
    }

    /// <summary>Removes the role and every assignment of it.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:delete_role") is { } refusal)
        {
            return refusal;
        }

        if (WellKnown.Roles.Any(name => WellKnown.RoleId(name) == id))
        {
            return new Refusal(RefusalKind.NotAllowed, "The roles admin, member and reader are part of the software and cannot be deleted.");
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Role, id) is not { } role)
                {
                    return NotFound(id);
                }

                AssignmentService.DeleteWhere(transaction, assignment => assignment.RoleId == id);
                transaction.Delete(role.Key);
                return default(Unit);
            },
            cancellationToken);
    }

    private static Refusal NotFound(string id) => new(RefusalKind.NotFound, $"Could not find role: {id}.");
}
