using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>What a volume type asks of a backend. Tenants see none of it.</summary>
internal static class ExtraSpecsApi
{
    public static void MapExtraSpecs(this RouteGroupBuilder v3)
    {
        v3.MapRead("/types/{id}/extra_specs", List);
        v3.MapPost("/types/{id}/extra_specs", SetAsync);
        v3.MapRead("/types/{id}/extra_specs/{key}", Show);
        v3.MapPut("/types/{id}/extra_specs/{key}", SetOneAsync);
        v3.MapDelete("/types/{id}/extra_specs/{key}", DeleteAsync);
    }

    private static IResult List(string id, Caller caller, VolumeTypeService types) =>
        Reply.From(types.Show(caller.Actor, id), StatusCodes.Status200OK, type => Shape(type.Specs));

    private static IResult Show(string id, string key, Caller caller, VolumeTypeService types) =>
        Reply.From(Has(types.Show(caller.Actor, id), key), StatusCodes.Status200OK, type => new JsonObject { [key] = type.Specs[key] });

    private static async Task<IResult> SetAsync(
        string id, JsonBody body, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        var specs = root.TextMap("extra_specs", required: true);
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await types.UpdateAsync(caller.Actor, id, new UpdateVolumeTypeRequest { SetSpecs = specs }, cancellationToken),
                StatusCodes.Status200OK,
                _ => Shape(specs!));
    }

    private static async Task<IResult> SetOneAsync(
        string id, string key, JsonBody body, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        root.Allow(key);
        var value = root.Text(key, required: true) ?? "";
        var request = new UpdateVolumeTypeRequest { SetSpecs = new Dictionary<string, string> { [key] = value } };
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await types.UpdateAsync(caller.Actor, id, request, cancellationToken),
                StatusCodes.Status200OK,
                _ => new JsonObject { [key] = value });
    }

    private static async Task<IResult> DeleteAsync(
        string id, string key, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        var known = Has(types.Show(caller.Actor, id), key);
        return caller.Actor.IsAdmin && known.IsRefused
            ? new Fault(known.Refusal!)
            : Reply.From(
                await types.UpdateAsync(caller.Actor, id, new UpdateVolumeTypeRequest { RemoveSpecs = [key] }, cancellationToken),
                StatusCodes.Status202Accepted);
    }

    private static Outcome<VolumeType> Has(Outcome<VolumeType> type, string key) =>
        type.IsRefused || type.Value.Specs.ContainsKey(key)
            ? type
            : new Refusal(RefusalKind.NotFound, $"Volume Type {type.Value.Id} has no extra specs with key {key}.");

    private static JsonObject Shape(IReadOnlyDictionary<string, string> specs) => new() { ["extra_specs"] = BlockStorageShapes.Map(specs) };
}
