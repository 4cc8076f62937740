using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

internal static class UsersApi
{
    public static void MapUsers(this RouteGroupBuilder v3)
    {
        v3.MapRead("/users", List);
        v3.MapPost("/users", CreateAsync);
        v3.MapRead("/users/{id}", Show);
        v3.MapPatch("/users/{id}", UpdateAsync);
        v3.MapDelete("/users/{id}", DeleteAsync);
        v3.MapPost("/users/{id}/password", ChangePasswordAsync);
        v3.MapRead("/users/{id}/projects", Projects);
    }

    private static IResult List(HttpContext context, Caller caller, UserService users)
    {
        var query = context.Request.Query;
        var filter = new UserFilter(query["domain_id"], query["name"], IdentityQuery.Flag(query, "enabled"));
        return Reply.From(
            users.List(caller.Actor, filter),
            StatusCodes.Status200OK,
            list => IdentityShapes.List(context.Request, "users", list.Select(user => IdentityShapes.Of(context.Request, user))));
    }

    private static IResult Show(HttpContext context, string id, Caller caller, UserService users) =>
        Reply.From(users.Show(caller.Actor, id), StatusCodes.Status200OK, user => Envelope(context.Request, user));

    private static async Task<IResult> CreateAsync(
        HttpContext context, JsonBody body, Caller caller, UserService users, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("user");
        var request = new NewUser(
            fields.Text("name", required: true) ?? "",
            fields.Text("domain_id") ?? caller.Token.ScopeDomain?.Id,
            fields.Text("password"),
            fields.Text("description"),
            fields.Text("email"),
            fields.Text("default_project_id"),
            fields.Flag("enabled") ?? true);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await users.CreateAsync(caller.Actor, request, cancellationToken),
                StatusCodes.Status201Created,
                user => Envelope(context.Request, user));
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context, string id, JsonBody body, Caller caller, UserService users, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("user");
        if (fields.Has("domain_id") && users.Show(caller.Actor, id) is { IsRefused: false, Value: var user }
            && fields.Text("domain_id") != user.DomainId)
        {
            fields.Fail("domain_id", "A user cannot be moved to another domain.");
        }

        var changes = new UserChanges(
            fields.Text("name"),
            fields.Text("password"),
            Clearable(fields, "description"),
            Clearable(fields, "email"),
            Clearable(fields, "default_project_id"),
            fields.Flag("enabled"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await users.UpdateAsync(caller.Actor, id, changes, cancellationToken),
                StatusCodes.Status200OK,
                changed => Envelope(context.Request, changed));
    }

    private static async Task<IResult> DeleteAsync(string id, Caller caller, UserService users, CancellationToken cancellationToken) =>
        Reply.From(await users.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status204NoContent);

    private static async Task<IResult> ChangePasswordAsync(
        string id, JsonBody body, Caller caller, UserService users, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("user");
        var original = fields.Text("original_password", required: true) ?? "";
        var password = fields.Text("password", required: true) ?? "";
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await users.ChangePasswordAsync(caller.Actor, id, original, password, cancellationToken),
                StatusCodes.Status204NoContent);
    }

    private static IResult Projects(HttpContext context, string id, Caller caller, ProjectService projects) => Reply.From(
        projects.ListOf(caller.Actor, id),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(context.Request, "projects", list.Select(project => IdentityShapes.Of(context.Request, project))));

    /// <summary>Null clears, absent leaves as it is.</summary>
    private static string? Clearable(JsonFields fields, string name) => fields.Text(name) ?? (fields.Has(name) ? "" : null);

    private static JsonObject Envelope(HttpRequest request, User user) => new() { ["user"] = IdentityShapes.Of(request, user) };
}
