using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native;

/// <summary>One request and its reply, with every way to fail turned into one of four exceptions.</summary>
internal static class Exchange
{
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!;
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new UnreachableException(
                url,
                $"proves itself with a certificate that is not trusted ({e.InnerException.Message})",
                "Set OS_CACERT (or cacert in clouds.yaml) to the site's certificate, and use the host name or address that it is made for.",
                e);
        }
        catch (HttpRequestException e)
        {
            throw new UnreachableException(
                url, $"cannot be reached ({Reason(e)})", "Check the address, that skerryd runs there, and the network; then try again.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(
                url,
                $"did not answer within {http.Timeout.TotalSeconds:0} s",
                "The request may have been carried out: look before you repeat it. --timeout allows for more time.",
                e);
        }
    }

    public static async Task EnsureAcceptedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new RefusedException(ErrorBody.Parse(response.StatusCode, text));
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var url = response.RequestMessage!.RequestUri!;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken)
                ?? throw new UnexpectedReplyException(url, "its reply is empty");
        }
        catch (JsonException e)
        {
            throw new UnexpectedReplyException(url, "its reply is not the JSON of this version", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new UnreachableException(
                url, "broke the connection in the middle of its reply", "The request may have been carried out: look before you repeat it.", e);
        }
    }

    private static string Reason(HttpRequestException e) =>
        e.StatusCode is { } status ? $"HTTP {(int)status}" : (e.InnerException ?? e).Message;
}

/// <summary>Request bodies, sent with their length, since a size known in advance lets a server refuse early.</summary>
internal static class JsonBody
{
    public static ByteArrayContent Of<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}

/// <summary>
/// Reads the error bodies of <c>/skerry/v1</c>, of identity (<c>{"error": {…}}</c>) and of block storage
/// (<c>{"itemNotFound": {…}}</c>): each is one object with a message.
/// </summary>
internal static class ErrorBody
{
    public static ErrorRecord Parse(HttpStatusCode status, string text)
    {
        var code = (int)status;
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var part in document.RootElement.EnumerateObject())
                {
                    if (part.Value.ValueKind == JsonValueKind.Object && String(part.Value, "message") is { } message)
                    {
                        return new ErrorRecord(
                            code, String(part.Value, "kind") ?? Kind(code), message, String(part.Value, "next_step"), String(part.Value, "field"));
                    }
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON: a proxy answered, or another server.
        }

        return new ErrorRecord(code, Kind(code), $"The site answered HTTP {code} without saying why.");
    }

    private static string? String(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Kind(int code) => code switch
    {
        400 => "invalid",
        401 => "not_authenticated",
        403 => "not_allowed",
        404 => "not_found",
        409 => "conflict",
        413 => "quota",
        502 or 503 or 504 => "unavailable",
        _ => "fault",
    };
}
