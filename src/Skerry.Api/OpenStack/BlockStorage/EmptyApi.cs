using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Lists that clients ask for and that are truly empty: no extension is loaded and no message is ever left.</summary>
internal static class EmptyApi
{
    public static void MapEmpty(this RouteGroupBuilder v3)
    {
        v3.MapRead("/extensions", (Caller _) => Reply.Ok(new JsonObject { ["extensions"] = new JsonArray() }));
        v3.MapRead("/messages", (Caller _) => Reply.Ok(new JsonObject { ["messages"] = new JsonArray() }));
    }
}
