using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>What the service's answers have in common.</summary>
internal static class BlockStorageShapes
{
    /// <summary>UTC without saying so, as the service writes it.</summary>
    public static string? Time(DateTimeOffset? instant) =>
        instant?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>Null until it was changed; the stamp of the first write is that of the creation and no change.</summary>
    public static string? UpdateTime(DateTimeOffset createdAt, DateTimeOffset? updatedAt) =>
        updatedAt > createdAt ? Time(updatedAt) : null;

    /// <summary>What is empty is null.</summary>
    public static string? TextOrNull(string text) => text.Length == 0 ? null : text;

    public static JsonObject Map(IReadOnlyDictionary<string, string> map)
    {
        var shape = new JsonObject();
        foreach (var (key, value) in map)
        {
            shape[key] = value;
        }

        return shape;
    }

    /// <summary>With the project in the path, and without.</summary>
    public static JsonArray Links(HttpRequest request, string projectId, string path) =>
    [
        Link("self", $"{request.BaseUrl()}{BlockStorageVersions.Path}/{projectId}/{path}"),
        Link("bookmark", $"{request.BaseUrl()}/volume/{projectId}/{path}"),
    ];

    private static JsonObject Link(string rel, string href) => new() { ["rel"] = rel, ["href"] = href };
}
