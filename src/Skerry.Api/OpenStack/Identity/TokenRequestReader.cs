using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Reads what <c>POST /v3/auth/tokens</c> asks for.</summary>
internal static class TokenRequestReader
{
    public static Outcome<TokenRequest> Read(JsonBody body)
    {
        var auth = body.Envelope("auth");
        var identity = auth.Object("identity", required: true)!;
        var methods = identity.TextList("methods", required: true) ?? [];
        if (auth.Refusal is { } malformed)
        {
            return malformed;
        }

        if (methods is not [("password" or "token") and var method])
        {
            return methods.Count == 0
                ? Refusal.Invalid("methods", "methods must name one of password and token.")
                : new Refusal(
                    RefusalKind.NotAuthenticated,
                    "Attempted to authenticate with an unsupported method.",
                    "Use one of password and token.");
        }

        IdentityReference? user = null;
        string? password = null;
        string? token = null;
        var proof = identity.Object(method, required: true)!;
        if (method == "password")
        {
            var fields = proof.Object("user", required: true)!;
            user = Reference(fields, "user");
            password = fields.Text("password", required: true);
        }
        else
        {
            token = proof.Text("id", required: true);
        }

        var scope = Scope(auth);
        return auth.Refusal is { } refusal ? refusal : new TokenRequest(user, password, token, scope);
    }

    private static RequestedScope Scope(JsonFields auth)
    {
        if (auth.IsText("scope", "unscoped"))
        {
            return new RequestedScope.Unscoped();
        }

        if (auth.Object("scope") is not { } scope)
        {
            return new RequestedScope.Default();
        }

        if (scope.Object("project") is { } project)
        {
            return new RequestedScope.ToProject(Reference(project, "project"));
        }

        if (scope.Object("domain") is { } domain)
        {
            var reference = new IdentityReference(domain.Text("id"), domain.Text("name"));
            if (reference is { Id: null, Name: null })
            {
                domain.Fail("domain", "Expecting to find id or name in domain.");
            }

            return new RequestedScope.ToDomain(reference);
        }

        if (scope.Has("system"))
        {
            return new RequestedScope.ToSystem();
        }

        if (!scope.Has("unscoped"))
        {
            scope.Fail("scope", "scope must hold one of project, domain, system and unscoped.");
        }

        return new RequestedScope.Unscoped();
    }

    private static IdentityReference Reference(JsonFields fields, string what)
    {
        var domain = fields.Object("domain");
        var reference = new IdentityReference(fields.Text("id"), fields.Text("name"), domain?.Text("id"), domain?.Text("name"));
        if (reference is { Id: null, Name: null })
        {
            fields.Fail(what, $"Expecting to find id or name in {what}.");
        }

        if (reference is { Id: null, DomainId: null, DomainName: null })
        {
            fields.Fail(what, $"Expecting to find domain in {what}: names are unique within a domain only.");
        }

        return reference;
    }
}
