using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Which versions of identity there are: v3 alone.</summary>
internal static class IdentityVersions
{
    public const string Path = "/identity/v3";

    /// <summary>300 Multiple Choices, as the service answers above its versions.</summary>
    public static IResult Choices(HttpRequest request) => Reply.Json(
        StatusCodes.Status300MultipleChoices,
        new JsonObject { ["versions"] = new JsonObject { ["values"] = new JsonArray(V3(request)) } },
        "Location",
        $"{request.BaseUrl()}{Path}/");

    public static IResult ShowV3(HttpContext context) => Reply.Ok(new JsonObject { ["version"] = V3(context.Request) });

    private static JsonObject V3(HttpRequest request) => new()
    {
        ["id"] = "v3.14",
        ["status"] = "stable",
        ["updated"] = "2020-04-07T00:00:00Z",
        ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl()}{Path}/" }),
        ["media-types"] = new JsonArray(new JsonObject
        {
            ["base"] = "application/json",
            ["type"] = "application/vnd.openstack.identity-v3+json",
        }),
    };
}
