using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Where volumes can be: sites as availability zones, and their backends as services.</summary>
internal static class PlacesApi
{
    public static void MapPlaces(this RouteGroupBuilder v3)
    {
        v3.MapRead("/os-availability-zone", Zones);
        v3.MapRead("/os-services", Services);
    }

    /// <summary>
    /// A zone is available whether or not it can be reached now: what is asked for there is queued, and is done when it can be.
    /// </summary>
    private static IResult Zones(Caller caller, SiteService sites) => Reply.Ok(new JsonObject
    {
        ["availabilityZoneInfo"] = new JsonArray([.. sites.List(caller.Actor).Select(site => new JsonObject
        {
            ["zoneName"] = site.Name,
            ["zoneState"] = new JsonObject { ["available"] = site.Aliveness is not (Aliveness.Failed or Aliveness.Fenced) },
        })]),
    });

    private static IResult Services(HttpContext context, Caller caller, Microversion? version, SiteService sites)
    {
        if (!caller.Actor.IsAdmin)
        {
            return new Fault(new Refusal(
                RefusalKind.NotAllowed, "Policy doesn't allow volume_extension:services:index to be performed."));
        }

        string? host = context.Request.Query["host"];
        string? binary = context.Request.Query["binary"];
        return Reply.Ok(new JsonObject
        {
            ["services"] = new JsonArray(
            [
                .. from site in sites.List(caller.Actor)
                   from backend in site.Backends
                   let shape = Shape(site, backend, version!.Value)
                   where string.IsNullOrEmpty(host) || shape["host"]!.GetValue<string>() == host
                   where string.IsNullOrEmpty(binary) || shape["binary"]!.GetValue<string>() == binary
                   select shape,
            ]),
        });
    }

    /// <summary><c>up</c> says that the site is heard and the backend told of no error; the time is that of its own last word.</summary>
    private static JsonObject Shape(SiteView site, BackendReport backend, Microversion version)
    {
        var isHeard = site.IsSelf || site.Aliveness is Aliveness.Connected or Aliveness.Synchronizing;
        var shape = new JsonObject
        {
            ["binary"] = "cinder-volume",
            ["host"] = $"{site.Name}@{backend.Name}",
            ["zone"] = site.Name,
            ["status"] = "enabled",
            ["state"] = isHeard && backend.Error is null ? "up" : "down",
            ["updated_at"] = BlockStorageShapes.Time(Instants.Parse(backend.ReportsAt)),
            ["disabled_reason"] = null,
            ["replication_status"] = "disabled",
            ["active_backend_id"] = null,
            ["frozen"] = false,
        };
        if (version.IsAtLeast(7))
        {
            shape["cluster"] = null;
        }

        if (version.IsAtLeast(49))
        {
            shape["backend_state"] = backend.Error is null ? "up" : "down";
        }

        return shape;
    }
}
