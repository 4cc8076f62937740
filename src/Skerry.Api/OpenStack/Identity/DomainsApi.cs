using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

internal static class DomainsApi
{
    public static void MapDomains(this RouteGroupBuilder v3)
    {
        v3.MapRead("/domains", List);
        v3.MapPost("/domains", CreateAsync);
        v3.MapRead("/domains/{id}", Show);
        v3.MapPatch("/domains/{id}", UpdateAsync);
        v3.MapDelete("/domains/{id}", DeleteAsync);
    }

    private static IResult List(HttpContext context, Caller caller, DomainService domains) => Reply.From(
        domains.List(caller.Actor, context.Request.Query["name"]),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(context.Request, "domains", list.Select(domain => IdentityShapes.Of(context.Request, domain))));

    /// <summary>Names in a domain need its id, so everyone with a token may ask for one that they know.</summary>
    private static IResult Show(HttpContext context, string id, Caller _, DomainService domains) =>
        Reply.From(domains.Show(id), StatusCodes.Status200OK, domain => Envelope(context.Request, domain));

    private static async Task<IResult> CreateAsync(
        HttpContext context, JsonBody body, Caller caller, DomainService domains, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("domain");
        var request = new NewDomain(
            fields.Text("name", required: true) ?? "", fields.Text("description"), fields.Flag("enabled") ?? true);
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await domains.CreateAsync(caller.Actor, request, cancellationToken),
                StatusCodes.Status201Created,
                domain => Envelope(context.Request, domain));
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context, string id, JsonBody body, Caller caller, DomainService domains, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("domain");
        var changes = new DomainChanges(fields.Text("name"), fields.Text("description"), fields.Flag("enabled"));
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await domains.UpdateAsync(caller.Actor, id, changes, cancellationToken),
                StatusCodes.Status200OK,
                domain => Envelope(context.Request, domain));
    }

    private static async Task<IResult> DeleteAsync(
        string id, Caller caller, DomainService domains, CancellationToken cancellationToken) =>
        Reply.From(await domains.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status204NoContent);

    private static JsonObject Envelope(HttpRequest request, IdentityDomain domain) =>
        new() { ["domain"] = IdentityShapes.Of(request, domain) };
}
