using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skerry.Api.Native;
using Skerry.Client.Native.Wire;
using Skerry.Domain.Events;

namespace Skerry.Host.Webhooks;

/// <summary>
/// An event as it is posted, with the headers of the Standard Webhooks specification 1.0.0: the id names the event and stays the same
/// over attempts, the timestamp is the attempt's, and the signature is of both and the body.
/// </summary>
/// <param name="Id">The event's.</param>
/// <param name="Body">UTF-8 JSON, sent as it was signed.</param>
internal sealed record WebhookMessage(string Id, byte[] Body)
{
    /// <summary>Raised when a field changes its meaning or goes away; new fields do not raise it.</summary>
    public const int Version = 1;

    /// <param name="told">The event.</param>
    /// <param name="siteName">The site where it happened.</param>
    /// <param name="lostAtMost">How many events before it were dropped since the last delivery; some of them may not have been wanted.</param>
    public static WebhookMessage Of(SiteEvent told, string siteName, long lostAtMost) => new(
        told.Id,
        JsonSerializer.SerializeToUtf8Bytes(
            new WebhookBody(Version, told.Kind, told.At, lostAtMost, EventRecords.Of(told, siteName)), WebhookJson.Default.WebhookBody));

    public HttpRequestMessage ToRequest(WebhookEndpoint endpoint, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url) { Content = new ByteArrayContent(Body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.UserAgent.Add(new("Skerry", "1"));
        request.Headers.Add("webhook-id", Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", string.Join(' ', endpoint.Secrets.Select(s => Signature(s.Span, timestamp))));
        return request;
    }

    /// <summary>HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
    public string Signature(ReadOnlySpan<byte> secret, string timestamp)
    {
        var signed = new byte[Id.Length + timestamp.Length + 2 + Body.Length];
        var head = Encoding.ASCII.GetBytes($"{Id}.{timestamp}.", signed);
        Body.CopyTo(signed, head);
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, signed))}";
    }
}

/// <summary>What is posted.</summary>
/// <param name="Version"><see cref="WebhookMessage.Version"/>.</param>
/// <param name="Type">The event's kind.</param>
/// <param name="Timestamp">When the event was noticed.</param>
/// <param name="LostAtMost">How many events were dropped before this one, since the last delivery; usually 0.</param>
/// <param name="Data">The event, as <c>GET /skerry/v1/events/journal</c> lists it.</param>
internal sealed record WebhookBody(int Version, string Type, DateTimeOffset Timestamp, long LostAtMost, EventRecord Data);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WebhookBody))]
[JsonSerializable(typeof(WebhookPlace))]
internal sealed partial class WebhookJson : JsonSerializerContext;
