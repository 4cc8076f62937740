using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>Users. Everything here is answered and decided by this site alone, cut off or not.</summary>
public sealed class UserService(SiteContext site, PasswordVerifier passwords)
{
    private Replica Replica => site.Replica;

    /// <summary>All that match, by name.</summary>
    public Outcome<IReadOnlyList<User>> List(Actor actor, UserFilter filter)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:list_users") is { } refusal)
        {
            return refusal;
        }

        var entities = Replica.List(IdentityKinds.User);
        var names = UniqueNames.In(entities);
        return Outcome<IReadOnlyList<User>>.Of([.. entities.Select(entity => IdentityReader.ToUser(entity, names.Of(entity)))
            .Where(user => (filter.DomainId is null || user.DomainId == filter.DomainId)
                && (filter.Name is null || string.Equals(user.Name, filter.Name, StringComparison.OrdinalIgnoreCase))
                && (filter.IsEnabled is null || user.IsEnabled == filter.IsEnabled))
            .OrderBy(user => user.Name, StringComparer.Ordinal)]);
    }

    public Outcome<User> Show(Actor actor, string id)
    {
        if (actor.UserId != id && IdentityAccess.RequireAdmin(actor, "identity:get_user") is { } refusal)
        {
            return refusal;
        }

        return Replica.FindUser(id) is { } user ? user : NotFound(id);
    }

    public async ValueTask<Outcome<User>> CreateAsync(Actor actor, NewUser request, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:create_user") is { } refusal)
        {
            return refusal;
        }

        if (Check(request.Name, request.Password, request.Description, request.Email) is { } invalid)
        {
            return invalid;
        }

        var password = request.Password is null ? null : await passwords.HashAsync(request.Password, cancellationToken);
        var id = site.Ids.NewCompact();
        var domainId = request.DomainId ?? WellKnown.DefaultDomainId;
        return await site.DecideAsync<Outcome<User>>(
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

                if (CheckDefaultProject(transaction, request.DefaultProjectId) is { } noProject)
                {
                    return noProject;
                }

                var key = new EntityKey(IdentityKinds.User, id);
                transaction.Set(key, "name", FieldValue.FromString(request.Name));
                transaction.Set(key, "domain_id", FieldValue.FromString(domainId));
                transaction.Set(key, "enabled", FieldValue.From(request.IsEnabled));
                SetText(transaction, key, "description", request.Description);
                SetText(transaction, key, "email", request.Email);
                SetText(transaction, key, "default_project_id", request.DefaultProjectId);
                if (password is not null)
                {
                    transaction.Set(key, "password", FieldValue.Serialize(password, IdentityJson.Default.PasswordHash));
                }

                return IdentityReader.ToUser(transaction.Find(key)!, request.Name);
            },
            cancellationToken);
    }

    public async ValueTask<Outcome<User>> UpdateAsync(
        Actor actor, string id, UserChanges changes, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:update_user") is { } refusal)
        {
            return refusal;
        }

        if (Check(changes.Name, changes.Password, changes.Description, changes.Email) is { } invalid)
        {
            return invalid;
        }

        if (changes.IsEnabled == false && id == WellKnown.AdminUserId && actor.UserId == id)
        {
            return Refusal.State("You cannot disable the user that you are logged in as.", "Let another administrator do it.");
        }

        var password = changes.Password is null ? null : await passwords.HashAsync(changes.Password, cancellationToken);
        return await site.DecideAsync<Outcome<User>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.User, id) is not { } user)
                {
                    return NotFound(id);
                }

                var key = user.Key;
                if (changes.Name is not null
                    && NameTaken(transaction, user.Text("domain_id", WellKnown.DefaultDomainId), changes.Name, id) is { } taken)
                {
                    return taken;
                }

                if (CheckDefaultProject(transaction, changes.DefaultProjectId) is { } noProject)
                {
                    return noProject;
                }

                if (changes.Name is not null)
                {
                    // The stamp of the name says who had it first, so only a change of it may move that.
                    transaction.SetIfDifferent(key, "name", FieldValue.FromString(changes.Name));
                }

                if (changes.IsEnabled is { } isEnabled)
                {
                    transaction.Set(key, "enabled", FieldValue.From(isEnabled));
                }

                SetText(transaction, key, "description", changes.Description);
                SetText(transaction, key, "email", changes.Email);
                SetText(transaction, key, "default_project_id", changes.DefaultProjectId);
                if (password is not null)
                {
                    transaction.Set(key, "password", FieldValue.Serialize(password, IdentityJson.Default.PasswordHash));
                }

                return IdentityReader.ToUser(
                    transaction.Find(key)!, UniqueNames.Of(transaction.Find(key)!, transaction.List(IdentityKinds.User)));
            },
            cancellationToken);
    }

    /// <summary>Users change their own password, and prove that they know the old one. All their tokens end.</summary>
    public async ValueTask<Outcome<Unit>> ChangePasswordAsync(
        Actor actor, string id, string original, string password, CancellationToken cancellationToken)
    {
        if (actor.UserId != id && IdentityAccess.RequireAdmin(actor, "identity:change_password") is { } refusal)
        {
            return refusal;
        }

        if (IdentityText.CheckPassword("password", password) is { } invalid)
        {
            return invalid;
        }

        if (Replica.FindLive(IdentityKinds.User, id) is not { } user)
        {
            return NotFound(id);
        }

        var known = user.Json("password", IdentityJson.Default.PasswordHash);
        if (!await passwords.MatchesAsync(known ?? PasswordHash.Nobody, original, cancellationToken) || known is null)
        {
            return new Refusal(RefusalKind.NotAuthenticated, "The original password is not right.");
        }

        var hash = await passwords.HashAsync(password, cancellationToken);
        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.User, id) is not { } current)
                {
                    return NotFound(id);
                }

                transaction.Set(current.Key, "password", FieldValue.Serialize(hash, IdentityJson.Default.PasswordHash));
                return default(Unit);
            },
            cancellationToken);
    }

    /// <summary>Removes the user with all that was granted to it; its tokens end.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:delete_user") is { } refusal)
        {
            return refusal;
        }

        if (actor.UserId == id)
        {
            return Refusal.State("You cannot delete the user that you are logged in as.", "Let another administrator do it.");
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.User, id) is not { } user)
                {
                    return NotFound(id);
                }

                AssignmentService.DeleteWhere(transaction, assignment => assignment.UserId == id);
                transaction.Delete(user.Key);
                return default(Unit);
            },
            cancellationToken);
    }

    private static Refusal? Check(string? name, string? password, string? description, string? email) =>
        (name is null ? null : IdentityText.CheckName("name", name, IdentityText.MaxNameLength))
        ?? (password is null ? null : IdentityText.CheckPassword("password", password))
        ?? IdentityText.CheckText("description", description, IdentityText.MaxDescriptionLength)
        ?? IdentityText.CheckText("email", email, IdentityText.MaxNameLength);

    private static Refusal? CheckDefaultProject(ITransaction transaction, string? projectId) =>
        string.IsNullOrEmpty(projectId) || transaction.FindLive(IdentityKinds.Project, projectId) is not null
            ? null
            : Refusal.Invalid("default_project_id", $"There is no project {projectId}.");

    private static Refusal? NameTaken(ITransaction transaction, string domainId, string name, string id) =>
        UniqueNames.Find(transaction.List(IdentityKinds.User), domainId, name) is { } holder && holder.Id != id
            ? new Refusal(
                RefusalKind.Conflict,
                $"Conflict occurred attempting to store user - Duplicate entry found with name {name} at domain ID {domainId}.",
                "Choose another name.",
                "name")
            : null;

    private static void SetText(ITransaction transaction, EntityKey key, string field, string? text)
    {
        if (text is not null)
        {
            transaction.Set(key, field, text.Length == 0 ? FieldValue.Null : FieldValue.FromString(text));
        }
    }

    private static Refusal NotFound(string id) => new(RefusalKind.NotFound, $"Could not find user: {id}.");
}
