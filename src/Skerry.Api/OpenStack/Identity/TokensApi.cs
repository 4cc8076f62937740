using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Tokens, and what their holder may ask about itself.</summary>
internal static class TokensApi
{
    private const string SubjectHeader = "X-Subject-Token";

    public static void MapTokens(this RouteGroupBuilder v3)
    {
        v3.MapRead("/auth/tokens", Validate);
        v3.MapDelete("/auth/tokens", RevokeAsync);
        v3.MapRead("/auth/catalog", Catalog);
        v3.MapRead("/auth/projects", Projects);
        v3.MapRead("/auth/domains", Domains);
        v3.MapRead("/auth/system", System);
    }

    public static async Task<IResult> IssueAsync(
        HttpContext context, JsonBody body, TokenService tokens, CatalogService catalog, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var request = TokenRequestReader.Read(body);
        if (request.Refusal is { } malformed)
        {
            return new Fault(malformed);
        }

        var issued = await tokens.IssueAsync(request.Value, cancellationToken);
        return issued.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.Json(
                StatusCodes.Status201Created,
                TokenShape.Of(issued.Value, WantsCatalog(context.Request) ? catalog : null),
                SubjectHeader,
                issued.Value.Text);
    }

    private static IResult Validate(HttpContext context, Caller caller, TokenService tokens, CatalogService catalog)
    {
        var subject = Subject(context.Request, tokens);
        if (subject.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var token = subject.Value;
        if (token.User.Id != caller.Actor.UserId && !caller.Actor.IsAdmin)
        {
            return new Fault(new Refusal(
                RefusalKind.NotAllowed, "You are not authorized to perform the requested action: identity:validate_token."));
        }

        return Reply.Json(
            StatusCodes.Status200OK,
            TokenShape.Of(token, WantsCatalog(context.Request) ? catalog : null),
            SubjectHeader,
            token.Text);
    }

    private static async Task<IResult> RevokeAsync(
        HttpContext context, Caller caller, TokenService tokens, CancellationToken cancellationToken)
    {
        var subject = Subject(context.Request, tokens);
        return subject.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await tokens.RevokeAsync(caller.Actor, subject.Value.Text, cancellationToken), StatusCodes.Status204NoContent);
    }

    private static IResult Catalog(HttpContext context, Caller caller, CatalogService catalog)
    {
        if (caller.Token.Claims.Scope.Kind == ScopeKind.Unscoped)
        {
            return new Fault(new Refusal(RefusalKind.NotAllowed, "Cannot retrieve the catalog with a token that has no scope."));
        }

        var body = IdentityShapes.List(context.Request, "catalog", []);
        body["catalog"] = TokenShape.Catalog(catalog, caller.Actor.ProjectId);
        return Reply.Ok(body);
    }

    private static IResult Projects(HttpContext context, Caller caller, ProjectService projects) => Reply.From(
        projects.ListOf(caller.Actor, caller.Token.User.Id),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(context.Request, "projects", list.Select(project => IdentityShapes.Of(context.Request, project))));

    private static IResult Domains(HttpContext context, Caller caller, DomainService domains) => Reply.From(
        domains.ListOf(caller.Actor, caller.Token.User.Id),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(context.Request, "domains", list.Select(domain => IdentityShapes.Of(context.Request, domain))));

    private static IResult System(HttpContext context, Caller caller, AssignmentService assignments) => Reply.From(
        assignments.List(caller.Actor, new AssignmentFilter(caller.Token.User.Id, Scope: TokenScope.System)),
        StatusCodes.Status200OK,
        list => IdentityShapes.List(
            context.Request, "system", list.Count > 0 ? [new JsonObject { ["all"] = true }] : []));

    private static bool WantsCatalog(HttpRequest request) => !request.Query.ContainsKey("nocatalog");

    private static Outcome<ValidToken> Subject(HttpRequest request, TokenService tokens)
    {
        if (request.Headers[SubjectHeader] is not [{ Length: > 0 } text])
        {
            return Refusal.Invalid(SubjectHeader, $"The header {SubjectHeader} must hold the token in question.");
        }

        var verified = tokens.Verify(text);
        return verified.IsRefused ? new Refusal(RefusalKind.NotFound, "Could not find token.") : verified;
    }
}
