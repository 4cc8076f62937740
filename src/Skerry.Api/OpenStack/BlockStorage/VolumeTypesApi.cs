using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

internal static class VolumeTypesApi
{
    private const string IsPublicField = "os-volume-type-access:is_public";

    public static void MapVolumeTypes(this RouteGroupBuilder v3)
    {
        v3.MapRead("/types", List);
        v3.MapPost("/types", CreateAsync);
        v3.MapRead("/types/default", (Caller caller, VolumeTypeService types) =>
            Reply.From(types.Default(caller.Actor), StatusCodes.Status200OK, type => Envelope(caller.Actor, type)));
        v3.MapRead("/types/{id}", (string id, Caller caller, VolumeTypeService types) =>
            Reply.From(types.Show(caller.Actor, id), StatusCodes.Status200OK, type => Envelope(caller.Actor, type)));
        v3.MapDelete("/types/{id}", async (string id, Caller caller, VolumeTypeService types, CancellationToken cancellationToken) =>
            Reply.From(await types.DeleteAsync(caller.Actor, id, cancellationToken), StatusCodes.Status202Accepted));
        v3.MapPut("/types/{id}", UpdateAsync);
        v3.MapExtraSpecs();
        v3.MapTypeEncryption();
    }

    private static IResult List(HttpContext context, Caller caller, VolumeTypeService types)
    {
        var paging = Paging.Of(context.Request);
        if (paging.Refusal is { } refusal)
        {
            return new Fault(refusal);
        }

        string? name = context.Request.Query["name"];
        var all = types.List(caller.Actor).Where(type => string.IsNullOrEmpty(name) || type.Name == name).ToList();
        return Reply.From(
            paging.Value.Cut(all, type => type.Id),
            StatusCodes.Status200OK,
            page => page.ToJson(context.Request, "volume_types", type => Shape(caller.Actor, type), type => type.Id));
    }

    private static async Task<IResult> CreateAsync(
        JsonBody body, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("volume_type");
        if (fields.Flag(IsPublicField) == false)
        {
            fields.Fail(IsPublicField, "Private volume types are not served yet; leave it out or set it to true.");
        }

        var request = new CreateVolumeTypeRequest(fields.Text("name", required: true) ?? "")
        {
            Description = fields.Text("description"),
            Specs = fields.TextMap("extra_specs"),
        };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await types.CreateAsync(caller.Actor, request, cancellationToken),
                StatusCodes.Status200OK,
                type => Envelope(caller.Actor, type));
    }

    private static async Task<IResult> UpdateAsync(
        string id, JsonBody body, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("volume_type");
        if (fields.Flag("is_public") == false)
        {
            fields.Fail("is_public", "Private volume types are not served yet; leave it out or set it to true.");
        }

        var description = fields.Text("description") ?? (fields.Has("description") ? "" : null);
        var request = new UpdateVolumeTypeRequest { Name = fields.Text("name"), Description = description };
        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await types.UpdateAsync(caller.Actor, id, request, cancellationToken),
                StatusCodes.Status200OK,
                type => Envelope(caller.Actor, type));
    }

    private static JsonObject Envelope(Actor actor, VolumeType type) => new() { ["volume_type"] = Shape(actor, type) };

    private static JsonObject Shape(Actor actor, VolumeType type)
    {
        var shape = new JsonObject
        {
            ["id"] = type.Id,
            ["name"] = type.Name,
            ["description"] = BlockStorageShapes.TextOrNull(type.Description),
            ["is_public"] = type.IsPublic,
            [IsPublicField] = type.IsPublic,
        };
        if (actor.IsAdmin)
        {
            shape["extra_specs"] = BlockStorageShapes.Map(type.Specs);
            shape["qos_specs_id"] = type.QosSpecsId;
        }

        return shape;
    }
}
