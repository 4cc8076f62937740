using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Metadata of volumes and of snapshots, which differ in the path alone.</summary>
internal static class MetadataApi
{
    private delegate Outcome<IReadOnlyDictionary<string, string>> Reader(HttpContext context, Actor actor, string id);

    private delegate ValueTask<Outcome<IReadOnlyDictionary<string, string>>> Writer(
        HttpContext context, Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken);

    public static void MapMetadata(this RouteGroupBuilder v3)
    {
        Map(v3.MapGroup("/volumes/{id}/metadata"), ReadVolume, WriteVolumeAsync);
        Map(v3.MapGroup("/snapshots/{id}/metadata"), ReadSnapshot, WriteSnapshotAsync);
    }

    private static void Map(RouteGroupBuilder group, Reader read, Writer write)
    {
        group.MapRead("/", (HttpContext context, string id, Caller caller) =>
            Reply.From(read(context, caller.Actor, id), StatusCodes.Status200OK, All));
        group.MapRead("/{key}", (HttpContext context, string id, string key, Caller caller) =>
            Reply.From(Has(read(context, caller.Actor, id), key), StatusCodes.Status200OK, map => One(map, key)));
        group.MapPost("/", (HttpContext context, string id, JsonBody body, Caller caller, CancellationToken cancellationToken) =>
            SetAsync(context, id, body, caller, replace: false, write, cancellationToken));
        group.MapPut("/", (HttpContext context, string id, JsonBody body, Caller caller, CancellationToken cancellationToken) =>
            SetAsync(context, id, body, caller, replace: true, write, cancellationToken));
        group.MapPut("/{key}", async (
            HttpContext context, string id, string key, JsonBody body, Caller caller, CancellationToken cancellationToken) =>
        {
            if (body.Fault is { } fault)
            {
                return fault;
            }

            var meta = body.Root.TextMap("meta", required: true);
            if (meta is not { Count: 1 } || !meta.ContainsKey(key))
            {
                return new Fault(Refusal.Invalid("meta", $"meta must hold the one key {key} of the path, with a text."));
            }

            return Reply.From(
                await write(context, caller.Actor, id, new UpdateVolumeRequest { SetMetadata = meta }, cancellationToken),
                StatusCodes.Status200OK,
                map => One(map, key));
        });
        group.MapDelete("/{key}", async (HttpContext context, string id, string key, Caller caller, CancellationToken cancellationToken) =>
        {
            var known = Has(read(context, caller.Actor, id), key);
            return known.IsRefused
                ? new Fault(known.Refusal!)
                : Reply.From(
                    await write(context, caller.Actor, id, new UpdateVolumeRequest { RemoveMetadata = [key] }, cancellationToken),
                    StatusCodes.Status200OK);
        });
    }

    private static async Task<IResult> SetAsync(
        HttpContext context, string id, JsonBody body, Caller caller, bool replace, Writer write, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        var metadata = root.TextMap("metadata", required: true);
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await write(
                    context,
                    caller.Actor,
                    id,
                    new UpdateVolumeRequest { SetMetadata = metadata, ReplaceMetadata = replace },
                    cancellationToken),
                StatusCodes.Status200OK,
                All);
    }

    private static Outcome<IReadOnlyDictionary<string, string>> ReadVolume(HttpContext context, Actor actor, string id) =>
        Metadata(Service<VolumeService>(context).Show(actor, id), volume => volume.Metadata);

    private static async ValueTask<Outcome<IReadOnlyDictionary<string, string>>> WriteVolumeAsync(
        HttpContext context, Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken) =>
        Metadata(await Service<VolumeService>(context).UpdateAsync(actor, id, request, cancellationToken), volume => volume.Metadata);

    private static Outcome<IReadOnlyDictionary<string, string>> ReadSnapshot(HttpContext context, Actor actor, string id) =>
        Metadata(Service<SnapshotService>(context).Show(actor, id), snapshot => snapshot.Metadata);

    private static async ValueTask<Outcome<IReadOnlyDictionary<string, string>>> WriteSnapshotAsync(
        HttpContext context, Actor actor, string id, UpdateVolumeRequest request, CancellationToken cancellationToken) =>
        Metadata(
            await Service<SnapshotService>(context).UpdateAsync(actor, id, request, cancellationToken), snapshot => snapshot.Metadata);

    private static Outcome<IReadOnlyDictionary<string, string>> Metadata<T>(
        Outcome<T> outcome, Func<T, IReadOnlyDictionary<string, string>> of) =>
        outcome.Refusal is { } refusal ? refusal : Outcome<IReadOnlyDictionary<string, string>>.Of(of(outcome.Value));

    private static Outcome<IReadOnlyDictionary<string, string>> Has(Outcome<IReadOnlyDictionary<string, string>> metadata, string key) =>
        metadata.IsRefused || metadata.Value.ContainsKey(key)
            ? metadata
            : new Refusal(RefusalKind.NotFound, $"Metadata item was not found: {key}.");

    private static T Service<T>(HttpContext context)
        where T : notnull => (T)context.RequestServices.GetService(typeof(T))!;

    private static JsonObject All(IReadOnlyDictionary<string, string> map) => new() { ["metadata"] = BlockStorageShapes.Map(map) };

    private static JsonObject One(IReadOnlyDictionary<string, string> map, string key) =>
        new() { ["meta"] = new JsonObject { [key] = map[key] } };
}
