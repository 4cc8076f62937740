using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Who holds which role where: given and taken by path, listed over all.</summary>
internal static class GrantsApi
{
    public static void MapGrants(this RouteGroupBuilder v3)
    {
        MapScope(v3.MapGroup("/projects/{scopeId}/users/{userId}/roles"), TokenScope.Project);
        MapScope(v3.MapGroup("/domains/{scopeId}/users/{userId}/roles"), TokenScope.Domain);
        MapScope(v3.MapGroup("/system/users/{userId}/roles"), _ => TokenScope.System);
        v3.MapRead("/role_assignments", List);
    }

    private static void MapScope(RouteGroupBuilder group, Func<string, TokenScope> scopeOf)
    {
        RoleAssignment Assignment(HttpContext context) =>
            new(Route(context, "userId"), Route(context, "roleId"), scopeOf(Route(context, "scopeId")));

        group.MapRead("/", (HttpContext context, Caller caller, AssignmentService assignments, RoleService roles) => Reply.From(
            assignments.List(
                caller.Actor, new AssignmentFilter(Route(context, "userId"), Scope: scopeOf(Route(context, "scopeId")))),
            StatusCodes.Status200OK,
            list => IdentityShapes.List(
                context.Request,
                "roles",
                list.Select(assignment => roles.Show(caller.Actor, assignment.RoleId))
                    .Where(role => !role.IsRefused)
                    .Select(role => IdentityShapes.Of(context.Request, role.Value)))));
        group.MapRead("/{roleId}", (HttpContext context, Caller caller, AssignmentService assignments) =>
            Reply.From(assignments.Check(caller.Actor, Assignment(context)), StatusCodes.Status204NoContent));
        group.MapPut("/{roleId}", async (
            HttpContext context, Caller caller, AssignmentService assignments, CancellationToken cancellationToken) => Reply.From(
                await assignments.GrantAsync(caller.Actor, Assignment(context), cancellationToken), StatusCodes.Status204NoContent));
        group.MapDelete("/{roleId}", async (
            HttpContext context, Caller caller, AssignmentService assignments, CancellationToken cancellationToken) => Reply.From(
                await assignments.RevokeAsync(caller.Actor, Assignment(context), cancellationToken), StatusCodes.Status204NoContent));
    }

    private static IResult List(
        HttpContext context, Caller caller, AssignmentService assignments, GrantNames names)
    {
        var query = context.Request.Query;
        var scope = Text(query, "scope.project.id") is { } projectId ? TokenScope.Project(projectId)
            : Text(query, "scope.domain.id") is { } domainId ? TokenScope.Domain(domainId)
            : query.ContainsKey("scope.system") ? TokenScope.System
            : (TokenScope?)null;
        if (query.ContainsKey("group.id"))
        {
            return Reply.Ok(IdentityShapes.List(context.Request, "role_assignments", []));
        }

        var filter = new AssignmentFilter(Text(query, "user.id"), Text(query, "role.id"), scope);
        var withNames = IdentityQuery.Flag(query, "include_names") == true;
        var listed = IdentityQuery.Flag(query, "effective") == true
            ? assignments.ListEffective(caller.Actor, filter)
            : assignments.List(caller.Actor, filter);
        return Reply.From(
            listed,
            StatusCodes.Status200OK,
            list => IdentityShapes.List(
                context.Request,
                "role_assignments",
                list.Select(assignment => Shape(context.Request, assignment, withNames ? names : null))));
    }

    private static JsonObject Shape(HttpRequest request, RoleAssignment assignment, GrantNames? names)
    {
        var scope = assignment.Scope;
        var path = scope.Kind switch
        {
            ScopeKind.Project => $"projects/{scope.Id}",
            ScopeKind.Domain => $"domains/{scope.Id}",
            _ => "system",
        };
        return new JsonObject
        {
            ["role"] = names?.Role(assignment.RoleId) ?? Id(assignment.RoleId),
            ["user"] = names?.User(assignment.UserId) ?? Id(assignment.UserId),
            ["scope"] = scope.Kind switch
            {
                ScopeKind.Project => new JsonObject { ["project"] = names?.Project(scope.Id) ?? Id(scope.Id) },
                ScopeKind.Domain => new JsonObject { ["domain"] = names?.Domain(scope.Id) ?? Id(scope.Id) },
                _ => new JsonObject { ["system"] = new JsonObject { ["all"] = true } },
            },
            ["links"] = new JsonObject
            {
                ["assignment"] =
                    $"{request.BaseUrl()}{IdentityVersions.Path}/{path}/users/{assignment.UserId}/roles/{assignment.RoleId}",
            },
        };
    }

    private static JsonObject Id(string id) => new() { ["id"] = id };

    private static string Route(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    private static string? Text(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var value) && value is [{ Length: > 0 } text] ? text : null;
}
