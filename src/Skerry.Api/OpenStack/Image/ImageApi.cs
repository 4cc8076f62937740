using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.Image;

/// <summary>
/// Image v2 as far as it goes: its version, and that there are no images. Stock clients look the service up before they make a volume
/// from nothing, and give up where the catalog lacks it.
/// </summary>
internal static class ImageApi
{
    public const string Path = "/image/v2";

    public static void MapImage(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("/image").WithMetadata(KeystoneFaults.Instance, AnonymousMetadata.Instance);
        open.MapRead("/", Versions);
        open.MapRead("/versions", Versions);
        open.MapUnknown();

        var v2 = app.MapGroup(Path).WithMetadata(KeystoneFaults.Instance);
        v2.MapRead("/images", (Caller _) => Reply.Ok(new JsonObject
        {
            ["images"] = new JsonArray(),
            ["first"] = "/v2/images",
            ["schema"] = "/v2/schemas/images",
        }));
        v2.MapUnknown();
    }

    private static IResult Versions(HttpContext context)
    {
        var href = $"{context.Request.BaseUrl()}{Path}/";
        var version = new JsonObject
        {
            ["id"] = "v2.0",
            ["status"] = "CURRENT",
            ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = href }),
        };
        return Reply.Json(
            StatusCodes.Status300MultipleChoices, new JsonObject { ["versions"] = new JsonArray(version) }, "Location", href);
    }
}
