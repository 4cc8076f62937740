using System.Buffers.Text;
using System.Text.Json.Nodes;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>A token as the service describes it.</summary>
internal static class TokenShape
{
    public static JsonObject Of(ValidToken token, CatalogService? catalog)
    {
        var claims = token.Claims;
        var body = new JsonObject
        {
            ["methods"] = Methods(claims.Methods),
            ["user"] = new JsonObject
            {
                ["id"] = token.User.Id,
                ["name"] = token.User.Name,
                ["domain"] = Named(token.UserDomain),
                ["password_expires_at"] = null,
            },
            ["audit_ids"] = AuditIds(claims),
            ["expires_at"] = IdentityShapes.Time(claims.ExpiresAt),
            ["issued_at"] = IdentityShapes.Time(claims.IssuedAt),
        };
        AddScope(body, token);
        if (claims.Scope.Kind != ScopeKind.Unscoped)
        {
            body["roles"] = new JsonArray(
                [.. token.Roles.Select(role => new JsonObject { ["id"] = role.Id, ["name"] = role.Name })]);
            if (catalog is not null)
            {
                body["catalog"] = Catalog(catalog, token.Project?.Id);
            }
        }

        return new JsonObject { ["token"] = body };
    }

    public static JsonArray Catalog(CatalogService catalog, string? projectId)
    {
        var endpoints = catalog.Endpoints(projectId).ToLookup(endpoint => endpoint.ServiceId, StringComparer.Ordinal);
        return
        [
            .. CatalogService.Services.Where(service => endpoints.Contains(service.Id)).Select(service => new JsonObject
            {
                ["id"] = service.Id,
                ["type"] = service.Type,
                ["name"] = service.Name,
                ["endpoints"] = new JsonArray([.. endpoints[service.Id].Select(endpoint => new JsonObject
                {
                    ["id"] = endpoint.Id,
                    ["interface"] = endpoint.Interface,
                    ["region"] = endpoint.RegionId,
                    ["region_id"] = endpoint.RegionId,
                    ["url"] = endpoint.Url,
                })]),
            }),
        ];
    }

    private static void AddScope(JsonObject body, ValidToken token)
    {
        switch (token.Claims.Scope.Kind)
        {
            case ScopeKind.Project:
                body["project"] = new JsonObject
                {
                    ["id"] = token.Project!.Id,
                    ["name"] = token.Project.Name,
                    ["domain"] = Named(token.ScopeDomain!),
                };
                body["is_domain"] = false;
                break;
            case ScopeKind.Domain:
                body["domain"] = Named(token.ScopeDomain!);
                break;
            case ScopeKind.System:
                body["system"] = new JsonObject { ["all"] = true };
                break;
        }
    }

    private static JsonObject Named(IdentityDomain domain) => new() { ["id"] = domain.Id, ["name"] = domain.Name };

    private static JsonArray Methods(AuthMethods methods)
    {
        var names = new JsonArray();
        if (methods.HasFlag(AuthMethods.Token))
        {
            names.Add("token");
        }

        if (methods.HasFlag(AuthMethods.Password))
        {
            names.Add("password");
        }

        return names;
    }

    private static JsonArray AuditIds(TokenClaims claims)
    {
        var ids = new JsonArray { AuditId(claims.Id) };
        if (claims.ParentId != Guid.Empty)
        {
            ids.Add(AuditId(claims.ParentId));
        }

        return ids;
    }

    private static string AuditId(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));
}
