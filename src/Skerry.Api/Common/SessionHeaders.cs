using System.Globalization;
using Microsoft.AspNetCore.Http;
using Skerry.Domain.Sessions;
using Skerry.State.Storage;

namespace Skerry.Api.Common;

/// <summary>
/// Session tokens on HTTP: every reply carries one, and a request that brings one is answered only from a state that has all that the
/// client has seen. docs/concepts/time-and-identity.md.
/// </summary>
internal static class SessionHeaders
{
    public const string Token = "X-Skerry-Session";

    /// <summary>Seconds that the client will wait for what the site lacks; 0 to 60, default 0.</summary>
    public const string Wait = "X-Skerry-Wait";

    /// <summary>On a refused request: <c>behind</c>, <c>lost</c> or <c>malformed</c>.</summary>
    public const string State = "X-Skerry-Session-State";

    /// <summary>Null when the request may be answered.</summary>
    public static async ValueTask<(int Status, string Message)?> RefuseAsync(HttpContext context, SessionService sessions)
    {
        var header = context.Request.Headers[Token];
        if (header is not [{ Length: > 0 } token])
        {
            return null;
        }

        if (WaitOf(context.Request) is not { } wait)
        {
            return (StatusCodes.Status400BadRequest, $"{Wait} takes a number of seconds from 0 to {SessionService.LongestWait.TotalSeconds:0}.");
        }

        var (state, message) = await sessions.JudgeAsync(token, wait, context.RequestAborted);
        if (state == SessionState.Covered)
        {
            return null;
        }

        var headers = context.Response.Headers;
        switch (state)
        {
            case SessionState.Behind:
                headers[State] = "behind";
                headers.RetryAfter = "1";
                return (StatusCodes.Status503ServiceUnavailable, message);
            case SessionState.Lost:
                headers[State] = "lost";
                return (StatusCodes.Status410Gone, message);
            default:
                headers[State] = "malformed";
                return (StatusCodes.Status400BadRequest, message);
        }
    }

    /// <summary>Has the reply carry a token of what the site shows when the reply begins.</summary>
    public static void TellWith(HttpContext context, SessionService sessions) =>
        context.Response.OnStarting(
            static async state =>
            {
                var (context, sessions) = ((HttpContext, SessionService))state;
                try
                {
                    if (await sessions.TokenAsync(context.RequestAborted) is { } token)
                    {
                        context.Response.Headers[Token] = token;
                    }
                }
                catch (Exception e) when (e is StateStoreException or OperationCanceledException)
                {
                    // The reply stands without one: the client's last token still says what it saw before.
                }
            },
            (context, sessions));

    private static TimeSpan? WaitOf(HttpRequest request)
    {
        var header = request.Headers[Wait];
        if (header.Count == 0)
        {
            return TimeSpan.Zero;
        }

        return header.Count == 1
            && double.TryParse(header[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= SessionService.LongestWait.TotalSeconds
                ? TimeSpan.FromSeconds(seconds)
                : null;
    }
}
