using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>Which assignments to list; null takes all.</summary>
public sealed record AssignmentFilter(string? UserId = null, string? RoleId = null, TokenScope? Scope = null);

/// <summary>Who holds which role where.</summary>
public sealed class AssignmentService(SiteContext site)
{
    private Replica Replica => site.Replica;

    public Outcome<IReadOnlyList<RoleAssignment>> List(Actor actor, AssignmentFilter filter)
    {
        if (actor.UserId is null || actor.UserId != filter.UserId)
        {
            if (IdentityAccess.RequireAdmin(actor, "identity:list_role_assignments") is { } refusal)
            {
                return refusal;
            }
        }

        return Outcome<IReadOnlyList<RoleAssignment>>.Of([.. Replica.List(IdentityKinds.Assignment)
            .Select(IdentityReader.ToAssignment)
            .OfType<RoleAssignment>()
            .Where(assignment => (filter.UserId is null || assignment.UserId == filter.UserId)
                && (filter.RoleId is null || assignment.RoleId == filter.RoleId)
                && (filter.Scope is null || assignment.Scope == filter.Scope))]);
    }

    /// <summary>What is in force: what was given, and beside it what that implies.</summary>
    public Outcome<IReadOnlyList<RoleAssignment>> ListEffective(Actor actor, AssignmentFilter filter)
    {
        var given = List(actor, filter with { RoleId = null });
        if (given.IsRefused)
        {
            return given;
        }

        var all = given.Value
            .DistinctBy(assignment => (assignment.UserId, assignment.Scope))
            .SelectMany(assignment => Replica.RolesIn(assignment.UserId, assignment.Scope)
                .Select(role => assignment with { RoleId = role.Id }))
            .Where(assignment => filter.RoleId is null || assignment.RoleId == filter.RoleId);
        return Outcome<IReadOnlyList<RoleAssignment>>.Of([.. all]);
    }

    /// <summary>NotFound when the role was not given; an implied one was not.</summary>
    public Outcome<Unit> Check(Actor actor, RoleAssignment assignment)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:check_grant") is { } refusal)
        {
            return refusal;
        }

        return Replica.FindLive(IdentityKinds.Assignment, IdOf(assignment)) is null ? NotGiven(assignment) : default(Unit);
    }

    /// <summary>Gives the role; giving it again changes nothing.</summary>
    public async ValueTask<Outcome<Unit>> GrantAsync(Actor actor, RoleAssignment assignment, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:create_grant") is { } refusal)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (Missing(transaction, assignment) is { } missing)
                {
                    return missing;
                }

                Grant(transaction, assignment);
                return default(Unit);
            },
            cancellationToken);
    }

    public async ValueTask<Outcome<Unit>> RevokeAsync(Actor actor, RoleAssignment assignment, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:revoke_grant") is { } refusal)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Assignment, IdOf(assignment)) is not { } entity)
                {
                    return NotGiven(assignment);
                }

                transaction.Delete(entity.Key);
                return default(Unit);
            },
            cancellationToken);
    }

    internal static string IdOf(string userId, TokenScope scope, string roleId) => $"{userId}/{scope}/{roleId}";

    internal static void Grant(ITransaction transaction, RoleAssignment assignment)
    {
        var key = new EntityKey(IdentityKinds.Assignment, IdOf(assignment));
        switch (transaction.Find(key))
        {
            case null:
                transaction.Set(key, "granted", FieldValue.From(true));
                break;
            case { IsDeleted: true }:
                transaction.Restore(key);
                transaction.Set(key, "granted", FieldValue.From(true));
                break;
        }
    }

    internal static void DeleteWhere(ITransaction transaction, Func<RoleAssignment, bool> matches)
    {
        foreach (var entity in transaction.List(IdentityKinds.Assignment))
        {
            if (IdentityReader.ToAssignment(entity) is { } assignment && matches(assignment))
            {
                transaction.Delete(entity.Key);
            }
        }
    }

    private static string IdOf(RoleAssignment assignment) => IdOf(assignment.UserId, assignment.Scope, assignment.RoleId);

    private static Refusal? Missing(ITransaction transaction, RoleAssignment assignment)
    {
        if (transaction.FindLive(IdentityKinds.User, assignment.UserId) is null)
        {
            return new Refusal(RefusalKind.NotFound, $"Could not find user: {assignment.UserId}.");
        }

        if (transaction.FindLive(IdentityKinds.Role, assignment.RoleId) is null)
        {
            return new Refusal(RefusalKind.NotFound, $"Could not find role: {assignment.RoleId}.");
        }

        var scope = assignment.Scope;
        return scope.Kind switch
        {
            ScopeKind.Project when transaction.FindLive(IdentityKinds.Project, scope.Id) is null =>
                new Refusal(RefusalKind.NotFound, $"Could not find project: {scope.Id}."),
            ScopeKind.Domain when transaction.FindLive(IdentityKinds.Domain, scope.Id) is null =>
                new Refusal(RefusalKind.NotFound, $"Could not find domain: {scope.Id}."),
            ScopeKind.Unscoped => Refusal.Invalid("scope", "A role is given in a project, a domain or the system."),
            _ => null,
        };
    }

    private static Refusal NotGiven(RoleAssignment assignment) => new(
        RefusalKind.NotFound,
        $"Could not find role assignment with role: {assignment.RoleId}, user: {assignment.UserId}, in {assignment.Scope}.");
}
