using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Identity v3, by resource.</summary>
internal static class IdentityApi
{
    public static void MapIdentity(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("/identity").WithMetadata(KeystoneFaults.Instance, AnonymousMetadata.Instance);
        open.MapRead("/", (HttpContext context) => IdentityVersions.Choices(context.Request));
        open.MapRead("/v3", IdentityVersions.ShowV3);
        open.MapPost("/v3/auth/tokens", TokensApi.IssueAsync);
        open.MapUnknown();

        var v3 = app.MapGroup(IdentityVersions.Path).WithMetadata(KeystoneFaults.Instance);
        v3.MapTokens();
        v3.MapUsers();
        v3.MapProjects();
        v3.MapDomains();
        v3.MapRoles();
        v3.MapGrants();
        v3.MapCatalog();
    }
}
