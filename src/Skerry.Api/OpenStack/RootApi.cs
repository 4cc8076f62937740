using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Api.OpenStack.Identity;

namespace Skerry.Api.OpenStack;

/// <summary>
/// What stands at <c>/</c>: for browsers a page that says where they are, for clients the versions of identity, so that the bare
/// address of a site serves as authentication URL.
/// </summary>
internal static class RootApi
{
    private const string Page = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>Skerry</title>
        <h1>Skerry</h1>
        <p>This site is up. Its web console is not built yet; use the command line or an OpenStack client.</p>
        <ul>
        <li>Identity v3: <a href="/identity/v3">/identity/v3</a></li>
        <li>Block storage v3: <a href="/volume/">/volume/v3</a></li>
        <li>Skerry: <a href="/skerry/v1/openapi.json">/skerry/v1</a></li>
        </ul>
        </html>
        """;

    public static void MapRoot(this IEndpointRouteBuilder app) =>
        app.MapRead("/", Show).WithMetadata(KeystoneFaults.Instance, AnonymousMetadata.Instance);

    private static IResult Show(HttpContext context)
    {
        if (context.Request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase)))
        {
            return TypedResults.Content(Page, "text/html; charset=utf-8");
        }

        return IdentityVersions.Choices(context.Request);
    }
}
