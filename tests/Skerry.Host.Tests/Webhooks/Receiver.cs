using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Skerry.Host.Tests.Webhooks;

/// <summary>A delivery as it came.</summary>
internal sealed record Delivery(string Path, string Id, string Timestamp, string Signature, string ContentType, string Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public JsonElement Data => Json.GetProperty("data");
}

/// <summary>An HTTP server that is told of events, and answers as the test says.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Delivery> _deliveries = new();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>The answer to a delivery; by default 204. What it takes of time the sender waits.</summary>
    public Func<Delivery, HttpResponse, Task<int>> Answer { get; set; } = (_, _) => Task.FromResult(204);

    /// <summary>In order, those that were refused included.</summary>
    public IReadOnlyList<Delivery> Deliveries => [.. _deliveries];

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<Receiver> StartAsync(int port = 0, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers;
        var delivery = new Delivery(
            $"{context.Request.Method} {context.Request.Path}", headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!,
            context.Request.ContentType!, await reader.ReadToEndAsync());
        _deliveries.Enqueue(delivery);
        context.Response.StatusCode = await Answer(delivery, context.Response);
    }
}
