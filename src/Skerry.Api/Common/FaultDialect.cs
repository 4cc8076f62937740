using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Domain;

namespace Skerry.Api.Common;

/// <summary>
/// How one service words its errors. It is metadata of the service's endpoints; an endpoint that has it needs a token unless it is
/// marked <see cref="AnonymousMetadata"/>.
/// </summary>
internal abstract class FaultDialect
{
    /// <summary>The HTTP status for a refusal.</summary>
    public virtual int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.State => StatusCodes.Status409Conflict,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Quota => StatusCodes.Status413PayloadTooLarge,
        RefusalKind.NotAllowed => StatusCodes.Status403Forbidden,
        RefusalKind.NotAuthenticated => StatusCodes.Status401Unauthorized,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>The error body.</summary>
    public abstract JsonObject Body(int status, string message, Refusal? refusal);
}

/// <summary>Marks endpoints that answer without a token: version discovery and logging in.</summary>
internal sealed class AnonymousMetadata
{
    public static AnonymousMetadata Instance { get; } = new();
}
