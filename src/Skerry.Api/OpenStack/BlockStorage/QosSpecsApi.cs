using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>
/// QoS specs and the volume types that go by them. As in Cinder, associating is a GET that changes something; only the HEAD of it is
/// not served.
/// </summary>
internal static class QosSpecsApi
{
    private const string Envelope = "qos_specs";

    public static void MapQosSpecs(this RouteGroupBuilder v3)
    {
        v3.MapRead("/qos-specs", (Caller caller, QosService qos) => Reply.From(
            qos.List(caller.Actor), StatusCodes.Status200OK, all => new JsonObject { [Envelope] = new JsonArray([.. all.Select(Shape)]) }));
        v3.MapPost("/qos-specs", CreateAsync);
        v3.MapRead("/qos-specs/{id}", (HttpContext context, string id, Caller caller, QosService qos) =>
            Reply.From(qos.Show(caller.Actor, id), StatusCodes.Status200OK, spec => Detail(context, spec)));
        v3.MapPut("/qos-specs/{id}", SetAsync);
        v3.MapPut("/qos-specs/{id}/delete_keys", UnsetAsync);
        v3.MapDelete("/qos-specs/{id}", async (HttpContext context, string id, Caller caller, QosService qos, CancellationToken cancellationToken) =>
            Reply.From(
                await qos.DeleteAsync(
                    caller.Actor, id, context.Request.Query["force"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase), cancellationToken),
                StatusCodes.Status202Accepted));
        v3.MapRead("/qos-specs/{id}/associations", (string id, Caller caller, QosService qos) => Reply.From(
            qos.Associations(caller.Actor, id),
            StatusCodes.Status200OK,
            all => new JsonObject { ["qos_associations"] = new JsonArray([.. all.Select(Shape)]) }));
        v3.MapGet("/qos-specs/{id}/associate", async (HttpContext context, string id, Caller caller, QosService qos, CancellationToken cancellationToken) =>
            TypeId(context) is { } typeId
                ? Reply.From(await qos.AssociateAsync(caller.Actor, id, typeId, cancellationToken), StatusCodes.Status202Accepted)
                : NoType());
        v3.MapGet("/qos-specs/{id}/disassociate", async (HttpContext context, string id, Caller caller, QosService qos, CancellationToken cancellationToken) =>
            TypeId(context) is { } typeId
                ? Reply.From(await qos.DisassociateAsync(caller.Actor, id, typeId, cancellationToken), StatusCodes.Status202Accepted)
                : NoType());
        v3.MapGet("/qos-specs/{id}/disassociate_all", async (string id, Caller caller, QosService qos, CancellationToken cancellationToken) =>
            Reply.From(await qos.DisassociateAsync(caller.Actor, id, typeId: null, cancellationToken), StatusCodes.Status202Accepted));
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, JsonBody body, Caller caller, QosService qos, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        var (consumer, specs) = Split(root.TextMap(Envelope, required: true));
        specs.Remove("name", out var name);
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await qos.CreateAsync(caller.Actor, name?.Trim() ?? "", consumer, specs, cancellationToken),
                StatusCodes.Status200OK,
                spec => Detail(context, spec));
    }

    private static async Task<IResult> SetAsync(string id, JsonBody body, Caller caller, QosService qos, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        var given = root.TextMap(Envelope, required: true);
        var (consumer, specs) = Split(given);
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await qos.UpdateAsync(caller.Actor, id, consumer, specs, [], cancellationToken),
                StatusCodes.Status200OK,
                _ => new JsonObject { [Envelope] = BlockStorageShapes.Map(given!) });
    }

    private static async Task<IResult> UnsetAsync(string id, JsonBody body, Caller caller, QosService qos, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var root = body.Root;
        var keys = root.TextList("keys", required: true);
        return root.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await qos.UpdateAsync(caller.Actor, id, consumer: null, new Dictionary<string, string>(), keys!, cancellationToken),
                StatusCodes.Status202Accepted);
    }

    /// <summary>What stands beside the rates in the same object is no rate.</summary>
    private static (string? Consumer, Dictionary<string, string> Specs) Split(IReadOnlyDictionary<string, string>? given)
    {
        var specs = new Dictionary<string, string>(given ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        specs.Remove("consumer", out var consumer);
        return (consumer, specs);
    }

    private static string? TypeId(HttpContext context) => context.Request.Query["vol_type_id"].ToString() is { Length: > 0 } id ? id : null;

    private static Fault NoType() => new(Domain.Refusal.Invalid("vol_type_id", "Volume Type id must not be None."));

    private static JsonObject Detail(HttpContext context, QosSpec spec) => new()
    {
        [Envelope] = Shape(spec),
        ["links"] = new JsonArray(
            new JsonObject { ["rel"] = "self", ["href"] = $"{context.Request.BaseUrl()}{BlockStorageVersions.Path}/qos-specs/{spec.Id}" }),
    };

    private static JsonNode Shape(QosSpec spec) => new JsonObject
    {
        ["id"] = spec.Id,
        ["name"] = spec.Name,
        ["consumer"] = spec.Consumer,
        ["specs"] = BlockStorageShapes.Map(spec.Specs),
    };

    private static JsonNode Shape(QosAssociation association) => new JsonObject
    {
        ["association_type"] = "volume_type",
        ["id"] = association.TypeId,
        ["name"] = association.TypeName,
    };
}
