using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>
/// That volumes of a type are encrypted. Any name of a provider will do; what would promise another encryption than the sites' own is
/// refused: another cipher, another size of key, or encryption at the client's side.
/// </summary>
internal static class TypeEncryptionApi
{
    public static void MapTypeEncryption(this RouteGroupBuilder v3)
    {
        v3.MapRead("/types/{id}/encryption", (string id, Caller caller, VolumeTypeService types) =>
            Reply.From(ForAdministrators(caller, types.Show(caller.Actor, id)), StatusCodes.Status200OK, Shape));
        v3.MapRead("/types/{id}/encryption/{key}", Show);
        v3.MapPost("/types/{id}/encryption", CreateAsync);
        v3.MapDelete("/types/{id}/encryption/{encryptionId}", DeleteAsync);
    }

    private static IResult Show(string id, string key, Caller caller, VolumeTypeService types)
    {
        var type = ForAdministrators(caller, types.Show(caller.Actor, id));
        return type.IsRefused ? new Fault(type.Refusal!)
            : Shape(type.Value).TryGetPropertyValue(key, out var value)
                ? Reply.From(type, StatusCodes.Status200OK, _ => new JsonObject { [key] = value?.DeepClone() })
                : new Fault(Refusal.NotFound("encryption spec", key));
    }

    private static async Task<IResult> CreateAsync(
        string id, JsonBody body, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        if (body.Fault is { } fault)
        {
            return fault;
        }

        var fields = body.Envelope("encryption");
        var provider = fields.Text("provider", required: true) ?? "";
        if (fields.Text("cipher") is { Length: > 0 } cipher && cipher is not (VolumeTypeEncryption.Cipher or "aes-256-gcm" or "aes-gcm-256"))
        {
            fields.Fail("cipher", $"Sites encrypt with {VolumeTypeEncryption.Cipher}, not with {cipher}; leave cipher out, or name that.");
        }

        if (fields.Integer("key_size") is { } bits && bits != VolumeTypeEncryption.KeySizeBits)
        {
            fields.Fail("key_size", $"Keys have {VolumeTypeEncryption.KeySizeBits} bits, not {bits}; leave key_size out, or say so.");
        }

        if (fields.Text("control_location") is { } location && location != VolumeTypeEncryption.ControlLocation)
        {
            fields.Fail(
                "control_location",
                $"The site that holds a volume encrypts it, not the client: control_location is {VolumeTypeEncryption.ControlLocation}, not {location}.");
        }

        return fields.Refusal is { } refusal
            ? new Fault(refusal)
            : Reply.From(
                await types.EncryptAsync(caller.Actor, id, provider, cancellationToken),
                StatusCodes.Status200OK,
                type => new JsonObject { ["encryption"] = Shape(type) });
    }

    private static async Task<IResult> DeleteAsync(
        string id, string encryptionId, Caller caller, VolumeTypeService types, CancellationToken cancellationToken)
    {
        var type = types.Show(caller.Actor, id);
        return caller.Actor.IsAdmin && !type.IsRefused && type.Value.Encryption?.Id != encryptionId
            ? new Fault(Refusal.NotFound("encryption", encryptionId))
            : Reply.From(await types.StopEncryptingAsync(caller.Actor, id, cancellationToken), StatusCodes.Status202Accepted);
    }

    private static Outcome<VolumeType> ForAdministrators(Caller caller, Outcome<VolumeType> type) =>
        type.IsRefused || caller.Actor.IsAdmin ? type : new Refusal(RefusalKind.NotAllowed, "The encryption of types is for administrators.");

    /// <summary>Of a type that is not encrypted, nothing: that is how the service says so.</summary>
    private static JsonObject Shape(VolumeType type) => type.Encryption is not { } encryption
        ? []
        : new JsonObject
        {
            ["volume_type_id"] = type.Id,
            ["encryption_id"] = encryption.Id,
            ["provider"] = encryption.Provider,
            ["cipher"] = VolumeTypeEncryption.Cipher,
            ["key_size"] = VolumeTypeEncryption.KeySizeBits,
            ["control_location"] = VolumeTypeEncryption.ControlLocation,
            ["created_at"] = BlockStorageShapes.Time(encryption.CreatedAt),
            ["updated_at"] = null,
            ["deleted_at"] = null,
            ["deleted"] = false,
        };
}
