using Skerry.Domain.References;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>A domain to be made.</summary>
public sealed record NewDomain(string Name, string? Description = null, bool IsEnabled = true);

/// <summary>What is to change of a domain; null leaves it as it is.</summary>
public sealed record DomainChanges(string? Name = null, string? Description = null, bool? IsEnabled = null);

/// <summary>Domains. Everything here is answered and decided by this site alone, cut off or not.</summary>
public sealed class DomainService(SiteContext site)
{
    private Replica Replica => site.Replica;

    public Outcome<IReadOnlyList<IdentityDomain>> List(Actor actor, string? name)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:list_domains") is { } refusal)
        {
            return refusal;
        }

        return Outcome<IReadOnlyList<IdentityDomain>>.Of([.. All()
            .Where(domain => name is null || string.Equals(domain.Name, name, StringComparison.OrdinalIgnoreCase))]);
    }

    /// <summary>The enabled domains in which the user has a role.</summary>
    public Outcome<IReadOnlyList<IdentityDomain>> ListOf(Actor actor, string userId)
    {
        if (actor.UserId != userId && IdentityAccess.RequireAdmin(actor, "identity:list_user_domains") is { } refusal)
        {
            return refusal;
        }

        var granted = Replica.List(IdentityKinds.Assignment)
            .Select(IdentityReader.ToAssignment)
            .Where(assignment => assignment is { Scope.Kind: ScopeKind.Domain } && assignment.UserId == userId)
            .Select(assignment => assignment!.Scope.Id)
            .ToHashSet(StringComparer.Ordinal);
        return Outcome<IReadOnlyList<IdentityDomain>>.Of(
        [
            .. All()
                .Where(domain => domain.IsEnabled && granted.Contains(domain.Id)),
        ]);
    }

    /// <summary>Anybody with a token may ask for a domain that they know the id of, as names in it need it.</summary>
    public Outcome<IdentityDomain> Show(string id) => Replica.FindDomain(id) is { } domain ? domain : NotFound(id);

    public async ValueTask<Outcome<IdentityDomain>> CreateAsync(Actor actor, NewDomain request, CancellationToken cancellationToken)
    {
        if ((IdentityAccess.RequireAdmin(actor, "identity:create_domain") ?? Check(request.Name, request.Description)) is { } refusal)
        {
            return refusal;
        }

        var id = site.Ids.NewCompact();
        return await site.DecideAsync<Outcome<IdentityDomain>>(
            actor,
            transaction =>
            {
                if (NameTaken(transaction, request.Name, id) is { } taken)
                {
                    return taken;
                }

                var key = new EntityKey(IdentityKinds.Domain, id);
                transaction.Set(key, "name", FieldValue.FromString(request.Name));
                transaction.Set(key, "description", FieldValue.FromString(request.Description ?? ""));
                transaction.Set(key, "enabled", FieldValue.From(request.IsEnabled));
                return IdentityReader.ToDomain(transaction.Find(key)!, request.Name);
            },
            cancellationToken);
    }

    public async ValueTask<Outcome<IdentityDomain>> UpdateAsync(
        Actor actor, string id, DomainChanges changes, CancellationToken cancellationToken)
    {
        if ((IdentityAccess.RequireAdmin(actor, "identity:update_domain") ?? Check(changes.Name, changes.Description)) is { } refusal)
        {
            return refusal;
        }

        if (changes.IsEnabled == false && id == WellKnown.DefaultDomainId)
        {
            return Refusal.State("The domain default cannot be disabled: every administrator would be locked out.");
        }

        return await site.DecideAsync<Outcome<IdentityDomain>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Domain, id) is not { } domain)
                {
                    return NotFound(id);
                }

                if (changes.Name is not null && NameTaken(transaction, changes.Name, id) is { } taken)
                {
                    return taken;
                }

                if (changes.Name is not null)
                {
                    transaction.SetIfDifferent(domain.Key, "name", FieldValue.FromString(changes.Name));
                }

                if (changes.Description is not null)
                {
                    transaction.Set(domain.Key, "description", FieldValue.FromString(changes.Description));
                }

                if (changes.IsEnabled is { } isEnabled)
                {
                    transaction.Set(domain.Key, "enabled", FieldValue.From(isEnabled));
                }

                var changed = transaction.Find(domain.Key)!;
                return IdentityReader.ToDomain(changed, UniqueNames.Of(changed, transaction.List(IdentityKinds.Domain)));
            },
            cancellationToken);
    }

    /// <summary>Removes a disabled domain with its users, its projects and what was granted to or in them.</summary>
    public async ValueTask<Outcome<Unit>> DeleteAsync(Actor actor, string id, CancellationToken cancellationToken)
    {
        if (IdentityAccess.RequireAdmin(actor, "identity:delete_domain") is { } refusal)
        {
            return refusal;
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (transaction.FindLive(IdentityKinds.Domain, id) is not { } domain)
                {
                    return NotFound(id);
                }

                if (domain.Flag("enabled", fallback: true))
                {
                    return new Refusal(
                        RefusalKind.NotAllowed,
                        "Cannot delete a domain that is enabled, please disable it first.");
                }

                var users = transaction.List(IdentityKinds.User).Where(user => user.Text("domain_id") == id).ToList();
                var projects = transaction.List(IdentityKinds.Project).Where(project => project.Text("domain_id") == id).ToList();
                if (projects.Select(p => Children.Refuse(StateView.Of(transaction), p.Key, p.Text("name", p.Id))).FirstOrDefault(r => r is not null) is { } kept)
                {
                    return kept;
                }

                var gone = users.Concat(projects).Select(entity => entity.Id).Append(id).ToHashSet(StringComparer.Ordinal);
                AssignmentService.DeleteWhere(
                    transaction, assignment => gone.Contains(assignment.UserId) || gone.Contains(assignment.Scope.Id));
                foreach (var entity in users.Concat(projects).Append(domain))
                {
                    transaction.Delete(entity.Key);
                }

                return default(Unit);
            },
            cancellationToken);
    }

    private IEnumerable<IdentityDomain> All()
    {
        var entities = Replica.List(IdentityKinds.Domain);
        return entities.Select(entity => IdentityReader.ToDomain(entity, UniqueNames.Of(entity, entities)));
    }

    private static Refusal? Check(string? name, string? description) =>
        (name is null ? null : IdentityText.CheckName("name", name, IdentityText.MaxProjectNameLength))
        ?? IdentityText.CheckText("description", description, IdentityText.MaxDescriptionLength);

    private static Refusal? NameTaken(ITransaction transaction, string name, string id) =>
        UniqueNames.Find(transaction.List(IdentityKinds.Domain), "", name) is { } holder && holder.Id != id
            ? new Refusal(
                RefusalKind.Conflict,
                $"Conflict occurred attempting to store domain - Duplicate entry found with name {name}.",
                "Choose another name.",
                "name")
            : null;

    private static Refusal NotFound(string id) => new(RefusalKind.NotFound, $"Could not find domain: {id}.");
}
