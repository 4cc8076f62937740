using Skerry.Domain.References;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>A project to be made.</summary>
/// <param name="Name">Unique in its domain, 1 to 64 characters.</param>
/// <param name="DomainId">Null for the default domain.</param>
public sealed record NewProject(string Name, string? DomainId = null, string? Description = null, bool IsEnabled = true);

/// <summary>What is to change of a project; null leaves it as it is, an empty text clears it.</summary>
public sealed record ProjectChanges(string? Name = null, string? Description = null, bool? IsEnabled = null);

/// <summary>Which projects to list; null takes all.</summary>
public sealed record ProjectFilter(string? DomainId = null, string? Name = null, bool? IsEnabled = null);

/// <summary>Projects. Everything here is answered and decided by this site alone, cut off or not.</summary>
public sealed class ProjectService(SiteContext site)
{
    private Replica Replica => site.Replica;

    /// <summary>All that match, by name.</summary>
    public Outcome<IReadOnlyList<Project>> List(Actor actor, ProjectFilter filter)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:list_projects") is { } refusal)
        {
            return refusal;
        }

        return Outcome<IReadOnlyList<Project>>.Of([.. All()
            .Where(project => (filter.DomainId is null || project.DomainId == filter.DomainId)
                && (filter.Name is null || string.Equals(project.Name, filter.Name, StringComparison.OrdinalIgnoreCase))
                && (filter.IsEnabled is null || project.IsEnabled == filter.IsEnabled))]);
    }

    /// <summary>The enabled projects in which the user has a role, by name: what it can ask a token for.</summary>
    public Outcome<IReadOnlyList<Project>> ListOf(Actor actor, string userId)
    {
        if (actor.UserId != userId && IdentityAccess.RequireAdmin(actor, "identity:list_user_projects") is { } refusal)
        {
            return refusal;
        }

        if (Replica.FindLive(IdentityKinds.User, userId) is null)
        {
            return new Refusal(RefusalKind.NotFound, $"Could not find user: {userId}.");
        }

        var granted = Replica.List(IdentityKinds.Assignment)
            .Select(IdentityReader.ToAssignment)
            .Where(assignment => assignment is { Scope.Kind: ScopeKind.Project } && assignment.UserId == userId)
            .Select(assignment => assignment!.Scope.Id)
            .ToHashSet(StringComparer.Ordinal);
        return Outcome<IReadOnlyList<Project>>.Of([.. All().Where(project => project.IsEnabled && granted.Contains(project.Id))]);
    }

    public Outcome<Project> Show(Actor actor, string id)
    {
        if (actor.ProjectId != id && IdentityAccess.RequireAdmin(actor, "identity:get_project") is { } refusal)
        {
            return refusal;
        }

        return Replica.FindProject(id) is { } project ? project : NotFound(id);
    }

    public async ValueTask<Outcome<Project>> CreateAsync(Actor actor, NewProject request, CancellationToken cancellationToken)
    {
        if ((IdentityAccess.RequireAdmin(actor, "identity:create_project") ?? Check(request.Name, request.Description)) is { } refusal)
        {
            return refusal;
        }

        var id = site.Ids.NewCompact();
        var domainId = request.DomainId ?? WellKnown.DefaultDomainId;
        return await site.DecideAsync<Outcome<Project>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Domain, domainId) is null)
                {
                    return Refusal.Invalid("domain_id", $"There is no domain {domainId}.");
                }

                if (NameTaken(transaction, domainId, request.Name, id) is { } taken)
                {
                    return taken;
                }

                var key = new EntityKey(IdentityKinds.Project, id);
                transaction.Set(key, "name", FieldValue.FromString(request.Name));
                transaction.Set(key, "domain_id", FieldValue.FromString(domainId));
                transaction.Set(key, "description", FieldValue.FromString(request.Description ?? ""));
                transaction.Set(key, "enabled", FieldValue.From(request.IsEnabled));
                return IdentityReader.ToProject(transaction.Find(key)!, request.Name);
            },
            cancellationToken);
    }

    public async ValueTask<Outcome<Project>> UpdateAsync(
        Actor actor, string id, ProjectChanges changes, CancellationToken cancellationToken)
    {
        if ((IdentityAccess.RequireAdmin(actor, "identity:update_project") ?? Check(changes.Name, changes.Description)) is { } refusal)
        {
            return refusal;
        }

        if (changes.IsEnabled == false && actor.ProjectId == id)
        {
            return Refusal.State("You cannot disable the project that your token is for.", "Use a token for another project.");
        }

        return await site.DecideAsync<Outcome<Project>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Project, id) is not { } project)
                {
                    return NotFound(id);
                }

                if (changes.Name is not null
                    && NameTaken(transaction, project.Text("domain_id", WellKnown.DefaultDomainId), changes.Name, id) is { } taken)
                {
                    return taken;
                }

                if (changes.Name is not null)
                {
                    transaction.SetIfDifferent(project.Key, "name", FieldValue.FromString(changes.Name));
                }

                if (changes.Description is not null)
                {
                    transaction.Set(project.Key, "description", FieldValue.FromString(changes.Description));
                }

                if (changes.IsEnabled is { } isEnabled)
                {
                    transaction.Set(project.Key, "enabled", FieldValue.From(isEnabled));
                }

                var changed = transaction.Find(project.Key)!;
                return IdentityReader.ToProject(changed, UniqueNames.Of(changed, transaction.List(IdentityKinds.Project)));
            },
            cancellationToken);
    }

    /// <summary>Removes the project and what was granted in it; refused while it owns volumes or snapshots.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:delete_project") is { } refusal)
        {
            return refusal;
        }

        if (actor.ProjectId == id)
        {
            return Refusal.State("You cannot delete the project that your token is for.", "Use a token for another project.");
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Project, id) is not { } project)
                {
                    return NotFound(id);
                }

                if (Children.Refuse(StateView.Of(transaction), project.Key, project.Text("name", id)) is { } kept)
                {
                    return kept;
                }

                AssignmentService.DeleteWhere(transaction, assignment => assignment.Scope == TokenScope.Project(id));
                transaction.Delete(project.Key);
                return default(Unit);
            },
            cancellationToken);
    }

    private IEnumerable<Project> All()
    {
        var entities = Replica.List(IdentityKinds.Project);
        var names = UniqueNames.In(entities);
        return entities.Select(entity => IdentityReader.ToProject(entity, names.Of(entity)))
            .OrderBy(project => project.Name, StringComparer.Ordinal);
    }

    private static Refusal? Check(string? name, string? description) =>
        (name is null ? null : IdentityText.CheckName("name", name, IdentityText.MaxProjectNameLength))
        ?? IdentityText.CheckText("description", description, IdentityText.MaxDescriptionLength);

    private static Refusal? NameTaken(ITransaction transaction, string domainId, string name, string id) =>
        UniqueNames.Find(transaction.List(IdentityKinds.Project), domainId, name) is { } holder && holder.Id != id
            ? new Refusal(
                RefusalKind.Conflict,
                $"Conflict occurred attempting to store project - it is not permitted to have two projects with the same name in the "
                + $"same domain : {name}.",
                "Choose another name.",
                "name")
            : null;

    private static Refusal NotFound(string id) => new(RefusalKind.NotFound, $"Could not find project: {id}.");
}
