using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>Errors as the block storage service words them: <c>{"itemNotFound": {"code", "message"}}</c>.</summary>
internal sealed class CinderFaults : FaultDialect
{
    public static CinderFaults Instance { get; } = new();

    public override int StatusOf(RefusalKind kind) =>
        kind == RefusalKind.State ? StatusCodes.Status400BadRequest : base.StatusOf(kind);

    public override JsonObject Body(int status, string message, Refusal? refusal)
    {
        // The token check stands in front of the service and words its refusal as the identity service does.
        if (status == StatusCodes.Status401Unauthorized)
        {
            return KeystoneFaults.Instance.Body(status, message, refusal);
        }

        var fault = new JsonObject { ["code"] = status, ["message"] = message };
        if (status is StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests)
        {
            fault["retryAfter"] = "0";
        }

        return new JsonObject { [NameOf(status)] = fault };
    }

    private static string NameOf(int status) => status switch
    {
        400 => "badRequest",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        409 => "conflictingRequest",
        413 or 429 => "overLimit",
        415 => "badMediaType",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "computeFault",
    };
}
