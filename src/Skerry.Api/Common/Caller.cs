using Microsoft.AspNetCore.Http;
using Skerry.Domain;
using Skerry.Domain.Identity;

namespace Skerry.Api.Common;

/// <summary>Who sent the request, proven by the token in <c>X-Auth-Token</c>. Endpoints take it as a parameter.</summary>
internal sealed record Caller(ValidToken Token)
{
    public const string TokenHeader = "X-Auth-Token";

    public Actor Actor => Token.Actor;

    /// <summary><see cref="ApiMiddleware"/> has put it there, or has answered the request itself.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}
