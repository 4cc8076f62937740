using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>
/// Which versions of block storage there are. The window ends with the newest version whose changes to the resources that are served
/// here (volumes, snapshots, types, attachments' places in volumes, quotas, limits, services) are all made. Backups, groups,
/// transfers, clusters and the rest answer 404 at every version.
/// </summary>
internal static class BlockStorageVersions
{
    public const string Path = "/volume/v3";

    public static MicroversionRange Range { get; } = new("volume", new Microversion(3, 0), new Microversion(3, 67));

    /// <summary>300 Multiple Choices, as the service answers above its versions.</summary>
    public static IResult Choices(HttpContext context) => Reply.Json(
        StatusCodes.Status300MultipleChoices, Versions(context.Request), "Location", $"{context.Request.BaseUrl()}{Path}/");

    public static IResult ShowV3(HttpContext context) => Reply.Ok(Versions(context.Request));

    private static JsonObject Versions(HttpRequest request) => new()
    {
        ["versions"] = new JsonArray(new JsonObject
        {
            ["id"] = "v3.0",
            ["status"] = "CURRENT",
            ["version"] = Range.Max.ToString(),
            ["min_version"] = Range.Min.ToString(),
            ["updated"] = "2022-08-31T00:00:00Z",
            ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl()}{Path}/" }),
            ["media-types"] = new JsonArray(new JsonObject
            {
                ["base"] = "application/json",
                ["type"] = "application/vnd.openstack.volume+json;version=3",
            }),
        }),
    };
}
