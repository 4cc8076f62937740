using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

internal static class VolumesApi
{
    private static readonly string[] Filters =
        ["name", "name~", "status", "bootable", "metadata", "availability_zone", "project_id", "volume_type_id"];

    private static readonly string[] SortKeys =
        ["id", "name", "display_name", "size", "status", "created_at", "updated_at", "availability_zone", "bootable"];

    public static void MapVolumes(this RouteGroupBuilder v3)
    {
        v3.MapRead("/volumes", (HttpContext context, Caller caller, Microversion? version, VolumeService volumes) =>
            List(context, caller, version!.Value, volumes, volume => VolumeShape.Summary(context.Request, volume)));
        v3.MapRead("/volumes/detail", (HttpContext context, Caller caller, Microversion? version, VolumeService volumes) =>
            List(
                context,
                caller,
                version!.Value,
                volumes,
                volume => VolumeShape.Detail(context.Request, caller.Actor, version.Value, volume)));
        v3.MapRead("/volumes/summary", Summary);
        v3.MapPost("/volumes", CreateAsync);
        v3.MapRead("/volumes/{id}", Show);
        v3.MapPut("/volumes/{id}", UpdateAsync);
        v3.MapDelete("/volumes/{id}", DeleteAsync);
    }

    private static IResult List(
        HttpContext context, Caller caller, Microversion version, VolumeService volumes, Func<Volume, JsonObject> shape)
    {
        var query = ListQuery.Of(context.Request, version, Filters, SortKeys);
        if (query.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        var found = Find(caller.Actor, volumes, query.Value);
        return found.IsRefused
            ? new Fault(found.Refusal!)
            : Reply.From(
                query.Value.Paging.Cut(query.Value.Order(found.Value, SortField), volume => volume.Id),
                StatusCodes.Status200OK,
                page =>
                {
                    var body = page.ToJson(context.Request, "volumes", shape, volume => volume.Id);
                    if (query.Value.WithCount)
                    {
                        body["count"] = page.Total;
                    }

                    return body;
                });
    }

    private static Outcome<IReadOnlyList<Volume>> Find(Actor actor, VolumeService volumes, ListQuery query)
    {
        var metadata = query["metadata"] is { } text ? PythonMap.Parse(text) : null;
        if (query["metadata"] is not null && metadata is null)
        {
            return Refusal.Invalid("metadata", "metadata must be written as {'key': 'value'}.");
        }

        var filter = new VolumeFilter
        {
            AllProjects = query.AllProjects,
            ProjectId = query["project_id"],
            Name = query["name"],
            Status = query["status"],
            Site = query["availability_zone"],
            Metadata = metadata,
            IsBootable = query["bootable"] is { } flag ? flag.Equals("true", StringComparison.OrdinalIgnoreCase) : null,
        };
        return Outcome<IReadOnlyList<Volume>>.Of(
        [
            .. volumes.List(actor, filter)
                .Where(volume => (query["name~"] is not { } part || volume.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                    && (query["volume_type_id"] is not { } typeId || volume.TypeId == typeId)),
        ]);
    }

    private static IResult Summary(HttpContext context, Caller caller, Microversion? version, VolumeService volumes)
    {
        if (!version!.Value.IsAtLeast(12))
        {
            return new Fault(StatusCodes.Status404NotFound, "The summary came with version 3.12.");
        }

        var all = volumes.List(
            caller.Actor, new VolumeFilter { AllProjects = context.Request.Query["all_tenants"].ToString() is "1" or "True" or "true" });
        var summary = new JsonObject { ["total_count"] = all.Count, ["total_size"] = all.Sum(volume => volume.SizeGib) };
        if (version.Value.IsAtLeast(36))
        {
            var metadata = new JsonObject();
            foreach (var values in all.SelectMany(volume => volume.Metadata).ToLookup(pair => pair.Key, pair => pair.Value))
            {
                metadata[values.Key] = new JsonArray([.. values.Distinct(StringComparer.Ordinal).Select(value => (JsonNode)value)]);
            }

            summary["metadata"] = metadata;
        }

        return Reply.Ok(new JsonObject { ["volume-summary"] = summary });
    }

    private static IResult Show(HttpContext context, string id, Caller caller, Microversion? version, VolumeService volumes) =>
        Reply.From(volumes.Show(caller.Actor, id), StatusCodes.Status200OK, Envelope(context, caller, version!.Value));

    private static async Task<IResult> CreateAsync(
        HttpContext context,
        JsonBody body,
        Caller caller,
        Microversion? version,
        VolumeService volumes,
        CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var request = VolumeRequests.Create(body, version!.Value);
        return request.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await volumes.CreateAsync(caller.Actor, request.Value, cancellationToken),
                StatusCodes.Status202Accepted,
                Envelope(context, caller, version.Value));
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context,
        string id,
        JsonBody body,
        Caller caller,
        Microversion? version,
        VolumeService volumes,
        CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var request = VolumeRequests.Update(body.Envelope("volume"));
        return request.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await volumes.UpdateAsync(caller.Actor, id, request.Value, cancellationToken),
                StatusCodes.Status200OK,
                Envelope(context, caller, version!.Value));
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context, string id, Caller caller, VolumeService volumes, CancellationToken cancellationToken)
    {
        var cascade = context.Request.Query["cascade"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase);
        return Reply.From(
            await volumes.DeleteAsync(caller.Actor, id, cascade, cancellationToken), StatusCodes.Status202Accepted);
    }

    private static IComparable? SortField(Volume volume, string key) => key switch
    {
        "name" or "display_name" => volume.Name,
        "size" => volume.SizeGib,
        "status" => volume.Status,
        "created_at" => volume.CreatedAt,
        "updated_at" => volume.UpdatedAt ?? volume.CreatedAt,
        "availability_zone" => volume.SiteName,
        "bootable" => volume.IsBootable,
        _ => volume.Id,
    };

    private static Func<Volume, JsonObject> Envelope(HttpContext context, Caller caller, Microversion version) =>
        volume => new JsonObject { ["volume"] = VolumeShape.Detail(context.Request, caller.Actor, version, volume) };
}
