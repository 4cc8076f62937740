using System.Text.Json.Nodes;
using Skerry.Domain;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Names beside the ids of assignments, for an administrator who asked for them (<c>include_names</c>).</summary>
internal sealed class GrantNames(UserService users, ProjectService projects, DomainService domains, RoleService roles)
{
    /// <summary>Whoever may list assignments of others may see these names.</summary>
    private static readonly Actor Reader = Actor.System("role-assignments");

    public JsonObject? Role(string id) =>
        roles.Show(Reader, id) is { IsRefused: false, Value: var role }
            ? new JsonObject { ["id"] = role.Id, ["name"] = role.Name }
            : null;

    public JsonObject? User(string id) =>
        users.Show(Reader, id) is { IsRefused: false, Value: var user } ? Named(user.Id, user.Name, user.DomainId) : null;

    public JsonObject? Project(string id) =>
        projects.Show(Reader, id) is { IsRefused: false, Value: var project }
            ? Named(project.Id, project.Name, project.DomainId)
            : null;

    public JsonObject? Domain(string id) =>
        domains.Show(id) is { IsRefused: false, Value: var domain }
            ? new JsonObject { ["id"] = domain.Id, ["name"] = domain.Name }
            : null;

    private JsonObject Named(string id, string name, string domainId) =>
        new() { ["id"] = id, ["name"] = name, ["domain"] = Domain(domainId) };
}
