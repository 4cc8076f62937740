using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Identity;

namespace Skerry.Api.OpenStack.Identity;

/// <summary>Services, endpoints and regions, to be read: they follow from the sites and cannot be changed here.</summary>
internal static class CatalogApi
{
    public static void MapCatalog(this RouteGroupBuilder v3)
    {
        v3.MapRead("/services", Services);
        v3.MapRead("/services/{id}", Service);
        v3.MapRead("/endpoints", Endpoints);
        v3.MapRead("/endpoints/{id}", Endpoint);
        v3.MapRead("/regions", Regions);
        v3.MapRead("/regions/{id}", Region);
    }

    private static IResult Services(HttpContext context, Caller caller)
    {
        var query = context.Request.Query;
        return Guard(caller, "identity:list_services") ?? Reply.Ok(IdentityShapes.List(
            context.Request,
            "services",
            CatalogService.Services
                .Where(entry => Matches(query, "type", entry.Type) && Matches(query, "name", entry.Name))
                .Select(entry => Shape(context.Request, entry))));
    }

    private static IResult Service(HttpContext context, string id, Caller caller) => Guard(caller, "identity:get_service")
        ?? (CatalogService.Services.FirstOrDefault(entry => entry.Id == id) is { } found
            ? Reply.Ok(new JsonObject { ["service"] = Shape(context.Request, found) })
            : NotFound("service", id));

    private static IResult Endpoints(HttpContext context, Caller caller, CatalogService catalog)
    {
        var query = context.Request.Query;
        return Guard(caller, "identity:list_endpoints") ?? Reply.Ok(IdentityShapes.List(
            context.Request,
            "endpoints",
            catalog.Endpoints("$(project_id)s")
                .Where(endpoint => Matches(query, "service_id", endpoint.ServiceId)
                    && Matches(query, "interface", endpoint.Interface)
                    && Matches(query, "region_id", endpoint.RegionId))
                .Select(endpoint => Shape(context.Request, endpoint))));
    }

    private static IResult Endpoint(HttpContext context, string id, Caller caller, CatalogService catalog) =>
        Guard(caller, "identity:get_endpoint")
        ?? (catalog.Endpoints("$(project_id)s").FirstOrDefault(endpoint => endpoint.Id == id) is { } found
            ? Reply.Ok(new JsonObject { ["endpoint"] = Shape(context.Request, found) })
            : NotFound("endpoint", id));

    /// <summary>Everyone with a token may know the regions; they are in its catalog anyway.</summary>
    private static IResult Regions(HttpContext context, Caller _, CatalogService catalog) => Reply.Ok(IdentityShapes.List(
        context.Request, "regions", catalog.Regions().Select(region => Shape(context.Request, region))));

    private static IResult Region(HttpContext context, string id, Caller _, CatalogService catalog) =>
        catalog.Regions().Contains(id, StringComparer.Ordinal)
            ? Reply.Ok(new JsonObject { ["region"] = Shape(context.Request, id) })
            : NotFound("region", id);

    private static JsonObject Shape(HttpRequest request, CatalogEntry entry) => new()
    {
        ["id"] = entry.Id,
        ["type"] = entry.Type,
        ["name"] = entry.Name,
        ["description"] = "",
        ["enabled"] = true,
        ["links"] = IdentityShapes.Self(request, $"services/{entry.Id}"),
    };

    private static JsonObject Shape(HttpRequest request, CatalogEndpoint endpoint) => new()
    {
        ["id"] = endpoint.Id,
        ["interface"] = endpoint.Interface,
        ["service_id"] = endpoint.ServiceId,
        ["region"] = endpoint.RegionId,
        ["region_id"] = endpoint.RegionId,
        ["enabled"] = true,
        ["url"] = endpoint.Url,
        ["links"] = IdentityShapes.Self(request, $"endpoints/{endpoint.Id}"),
    };

    private static JsonObject Shape(HttpRequest request, string region) => new()
    {
        ["id"] = region,
        ["description"] = "",
        ["parent_region_id"] = null,
        ["links"] = IdentityShapes.Self(request, $"regions/{region}"),
    };

    private static Fault? Guard(Caller caller, string action) => caller.Actor.IsAdmin
        ? null
        : new Fault(new Refusal(RefusalKind.NotAllowed, $"You are not authorized to perform the requested action: {action}."));

    private static Fault NotFound(string what, string id) =>
        new(new Refusal(RefusalKind.NotFound, $"Could not find {what}: {id}."));

    private static bool Matches(IQueryCollection query, string name, string value) =>
        !query.TryGetValue(name, out var asked) || asked == value;
}
