using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Client.Native.Wire;
using Skerry.Domain;

namespace Skerry.Api.Native;

/// <summary>Errors as <c>/skerry/v1</c> words them: one object with the kind, the message, the next step and the field.</summary>
internal sealed class NativeFaults : FaultDialect
{
    public static NativeFaults Instance { get; } = new();

    public override JsonObject Body(int status, string message, Refusal? refusal)
    {
        var error = Record(status, message, refusal);
        return JsonSerializer.SerializeToNode(new ErrorReply(error), SkerryJson.Default.ErrorReply)!.AsObject();
    }

    /// <summary>A refusal that stands in an answer instead of ending one.</summary>
    public static ErrorRecord Record(Refusal refusal) => Record(Instance.StatusOf(refusal.Kind), refusal.Message, refusal);

    private static ErrorRecord Record(int status, string message, Refusal? refusal) => refusal is null
        ? new ErrorRecord(status, KindOf(status), message)
        : new ErrorRecord(status, KindOf(refusal.Kind), refusal.Message, refusal.NextStep, FieldOf(refusal.Field));

    /// <summary>The domain names a volume's fields as block storage does; a caller of this API sent them under these names.</summary>
    private static string? FieldOf(string? field) => field switch
    {
        "size" or "new_size" => "size_gib",
        "volume_type" => "type",
        "availability_zone" => "site",
        "to_site" => "to",
        _ => field,
    };

    private static string KindOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => "invalid",
        RefusalKind.NotFound => "not_found",
        RefusalKind.State => "state",
        RefusalKind.Conflict => "conflict",
        RefusalKind.Quota => "quota",
        RefusalKind.NotAllowed => "not_allowed",
        RefusalKind.NotAuthenticated => "not_authenticated",
        RefusalKind.Unavailable => "unavailable",
        _ => "fault",
    };

    private static string KindOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "not_authenticated",
        StatusCodes.Status403Forbidden => "not_allowed",
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => "not_found",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        >= 400 and < 500 => "invalid",
        _ => "fault",
    };
}
