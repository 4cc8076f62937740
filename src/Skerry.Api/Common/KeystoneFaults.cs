using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>Errors as the identity service words them: <c>{"error": {"code", "title", "message"}}</c>.</summary>
internal sealed class KeystoneFaults : FaultDialect
{
    public static KeystoneFaults Instance { get; } = new();

    /// <summary>Keystone has no word for a thing's state: what cannot be done now is forbidden.</summary>
    public override int StatusOf(RefusalKind kind) =>
        kind == RefusalKind.State ? StatusCodes.Status403Forbidden : base.StatusOf(kind);

    public override JsonObject Body(int status, string message, Refusal? refusal) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = status,
            ["title"] = ReasonPhrases.GetReasonPhrase(status),
            ["message"] = message,
        },
    };
}
