using System.Net.Http.Headers;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native;

/// <summary>
/// Carries what a client has seen from replies to requests, from one site to the next, so that no site shows it less than another one
/// did. Safe for use by several threads.
/// </summary>
/// <param name="token">Of an earlier run; null to begin.</param>
public sealed class SessionCarrier(string? token)
{
    private const string TokenHeader = "X-Skerry-Session";
    private const string StateHeader = "X-Skerry-Session-State";

    // Sites that are linked are behind each other by milliseconds.
    private const string WaitSeconds = "0.3";

    private volatile string? _token = token;

    /// <summary>The last that a site gave; null when none did.</summary>
    public string? Token => _token;

    /// <summary>
    /// Told once for each request that the site answers from less than was seen: why. It is then asked again without the token. Null
    /// to have such a request refused.
    /// </summary>
    public Action<string>? GoOn { get; init; }

    internal void AddTo(HttpRequestMessage request, string? carried)
    {
        if (carried is not null)
        {
            request.Headers.Add(TokenHeader, carried);
            request.Headers.Add("X-Skerry-Wait", WaitSeconds);
        }
    }

    /// <summary>Keeps the reply's token, unless it says less than the one that is kept.</summary>
    internal void Take(HttpResponseMessage response, string? carried)
    {
        if ((carried is not null || _token is null) && First(response.Headers, TokenHeader) is { } given)
        {
            _token = given;
        }
    }

    internal bool GoesOnWithout(HttpResponseMessage response, ErrorRecord error)
    {
        var state = First(response.Headers, StateHeader);
        if (state is null || GoOn is null)
        {
            return false;
        }

        if (state != "behind")
        {
            // What it names will never come: a new session begins.
            _token = null;
        }

        GoOn(error.Message);
        return true;
    }

    private static string? First(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
