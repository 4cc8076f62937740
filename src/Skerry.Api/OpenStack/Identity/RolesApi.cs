using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

internal static class RolesApi
{
    public static void MapRoles(this RouteGroupBuilder v3)
    {
        v3.MapRead("/roles", List);
        v3.MapPost("/roles", CreateAsync);
        v3.MapRead("/roles/{id}", Show);
        v3.MapDelete("/roles/{id}", DeleteAsync);
        v3.MapRead("/role_inferences", Inferences);
    }

    private static IResult List(HttpContext context, Caller caller, RoleService roles) => Reply.From(
        roles.List(caller.Actor, context.Request.Query["name"]),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(context.Request, "roles", list.Select(role => IdentityShapes.Of(context.Request, role))));

    private static IResult Show(HttpContext context, string id, Caller caller, RoleService roles) =>
        Reply.From(roles.Show(caller.Actor, id), StatusCodes.Status200OK, role => Envelope(context.Request, role));

    private static async Task<IResult> CreateAsync(
        HttpContext context, JsonBody body, Caller caller, RoleService roles, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("role");
        var name = fields.Text("name", required: true) ?? "";
        var description = fields.Text("description");
        if (fields.Text("domain_id") is not null)
        {
            fields.Fail("domain_id", "Roles of a domain are not served; leave domain_id out.");
        }

        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await roles.CreateAsync(caller.Actor, name, description, cancellationToken),
                StatusCodes.Status201Created,
                role => Envelope(context.Request, role));
    }

    private static async Task<IResult> DeleteAsync(string id, Caller caller, RoleService roles, CancellationToken cancellationToken) =>
        Reply.From(await roles.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status204NoContent);

    private static IResult Inferences(HttpContext context, Caller caller, RoleService roles) => Reply.From(
        roles.List(caller.Actor, name: null),
        StatusCodes.Status200OK,
        list =>
        {
            var byName = list.ToDictionary(role => role.Name, StringComparer.Ordinal);
            return IdentityShapes.List(
                context.Request,
                "role_inferences",
                from role in list
                let implied = RoleImplication.ImpliedBy(role)
                where implied.Count > 0
                select new JsonObject
                {
                    ["prior_role"] = Named(role),
                    ["implies"] = new JsonArray([.. implied.Where(byName.ContainsKey).Select(name => Named(byName[name]))]),
                });
        });

    private static JsonObject Named(Role role) => new() { ["id"] = role.Id, ["name"] = role.Name };

    private static JsonObject Envelope(HttpRequest request, Role role) => new() { ["role"] = IdentityShapes.Of(request, role) };
}
