using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Identity's resources as the service writes them.</summary>
internal static class IdentityShapes
{
    public static string Time(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static JsonObject Of(HttpRequest request, User user) => new()
    {
        ["id"] = user.Id,
        ["name"] = user.Name,
        ["domain_id"] = user.DomainId,
        ["enabled"] = user.IsEnabled,
        ["description"] = user.Description,
        ["email"] = user.Email,
        ["default_project_id"] = user.DefaultProjectId,
        ["options"] = new JsonObject(),
        ["password_expires_at"] = null,
        ["links"] = Self(request, $"users/{user.Id}"),
    };

    public static JsonObject Of(HttpRequest request, Project project) => new()
    {
        ["id"] = project.Id,
        ["name"] = project.Name,
        ["domain_id"] = project.DomainId,
        ["description"] = project.Description,
        ["enabled"] = project.IsEnabled,
        ["parent_id"] = project.DomainId,
        ["is_domain"] = false,
        ["tags"] = new JsonArray(),
        ["options"] = new JsonObject(),
        ["links"] = Self(request, $"projects/{project.Id}"),
    };

    public static JsonObject Of(HttpRequest request, IdentityDomain domain) => new()
    {
        ["id"] = domain.Id,
        ["name"] = domain.Name,
        ["description"] = domain.Description,
        ["enabled"] = domain.IsEnabled,
        ["tags"] = new JsonArray(),
        ["options"] = new JsonObject(),
        ["links"] = Self(request, $"domains/{domain.Id}"),
    };

    public static JsonObject Of(HttpRequest request, Role role) => new()
    {
        ["id"] = role.Id,
        ["name"] = role.Name,
        ["domain_id"] = null,
        ["description"] = role.Description,
        ["options"] = new JsonObject(),
        ["links"] = Self(request, $"roles/{role.Id}"),
    };

    /// <summary>A list with the links that the service puts around it; it is never cut into pages.</summary>
    public static JsonObject List(HttpRequest request, string name, IEnumerable<JsonObject> entries) => new()
    {
        [name] = new JsonArray([.. entries]),
        ["links"] = new JsonObject
        {
            ["next"] = null,
            ["self"] = request.BaseUrl() + request.Path + request.QueryString,
            ["previous"] = null,
        },
    };

    public static JsonObject Self(HttpRequest request, string path) =>
        new() { ["self"] = $"{request.BaseUrl()}{IdentityVersions.Path}/{path}" };
}
