using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

internal static class ProjectsApi
{
    public static void MapProjects(this RouteGroupBuilder v3)
    {
        v3.MapRead("/projects", List);
        v3.MapPost("/projects", CreateAsync);
        v3.MapRead("/projects/{id}", Show);
        v3.MapPatch("/projects/{id}", UpdateAsync);
        v3.MapDelete("/projects/{id}", DeleteAsync);
    }

    private static IResult List(HttpContext context, Caller caller, ProjectService projects)
    {
        var query = context.Request.Query;
        var filter = new ProjectFilter(query["domain_id"], query["name"], IdentityQuery.Flag(query, "enabled"));
        return Reply.From(
            projects.List(caller.Actor, filter),
            StatusCodes.Status200OK,
            list => IdentityShapes.List(context.Request, "projects", list.Select(project => IdentityShapes.Of(context.Request, project))));
    }

    private static IResult Show(HttpContext context, string id, Caller caller, ProjectService projects) =>
        Reply.From(projects.Show(caller.Actor, id), StatusCodes.Status200OK, project => Envelope(context.Request, project));

    private static async Task<IResult> CreateAsync(
        HttpContext context, JsonBody body, Caller caller, ProjectService projects, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("project");
        var domainId = fields.Text("domain_id") ?? caller.Token.ScopeDomain?.Id ?? WellKnown.DefaultDomainId;
        if (fields.Text("parent_id") is { } parentId && parentId != domainId)
        {
            fields.Fail("parent_id", "Projects within projects are not served; leave parent_id out.");
        }

        if (fields.Flag("is_domain") == true)
        {
            fields.Fail("is_domain", "A project cannot act as a domain here; make a domain.");
        }

        var request = new NewProject(
            fields.Text("name", required: true) ?? "", domainId, fields.Text("description"), fields.Flag("enabled") ?? true);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await projects.CreateAsync(caller.Actor, request, cancellationToken),
                StatusCodes.Status201Created,
                project => Envelope(context.Request, project));
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context, string id, JsonBody body, Caller caller, ProjectService projects, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("project");
        var description = fields.Text("description") ?? (fields.Has("description") ? "" : null);
        var changes = new ProjectChanges(fields.Text("name"), description, fields.Flag("enabled"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await projects.UpdateAsync(caller.Actor, id, changes, cancellationToken),
                StatusCodes.Status200OK,
                project => Envelope(context.Request, project));
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, ProjectService projects, CancellationToken cancellationToken) =>
        Reply.From(await projects.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status204NoContent);

    private static JsonObject Envelope(HttpRequest request, Project project) =>
        new() { ["project"] = IdentityShapes.Of(request, project) };
}
