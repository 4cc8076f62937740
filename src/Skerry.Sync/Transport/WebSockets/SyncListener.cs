using System.Net.WebSockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Skerry.Sync.Transport.WebSockets;

/// <summary>
/// The listener that other sites connect to, beside the API's in one server. TLS 1.3 alone; the client must present a certificate,
/// and the endpoint judges it by its pin. Neither listener answers for the other's paths.
/// </summary>
public static class SyncListener
{
    /// <summary>Turns a Kestrel endpoint into the sync listener.</summary>
    public static ListenOptions UseSkerrySync(this ListenOptions listen, SiteCertificate certificate)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificateSelector = (_, _) => certificate.Certificate,
            SslProtocols = SslProtocols.Tls13,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = static (_, _, _) => true,
            CheckCertificateRevocation = false,
        });
        listen.Use(static next => connection =>
        {
            connection.Features.Set(SyncConnection.Instance);
            return next(connection);
        });
        return listen;
    }

    /// <summary>
    /// Keeps the two listeners apart: on the sync listener only what <see cref="MapSite"/> and <see cref="MapJoiner"/> mapped
    /// is served, elsewhere none of it. Stands after routing and before the endpoints.
    /// </summary>
    public static IApplicationBuilder UseSkerrySyncIsolation(this IApplicationBuilder app) =>
        app.Use(static (context, next) =>
        {
            var isSyncListener = context.Features.Get<SyncConnection>() is not null;
            var isSyncEndpoint = context.GetEndpoint()?.Metadata.GetMetadata<SyncEndpoint>() is not null;
            if (isSyncListener == isSyncEndpoint)
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });

    /// <summary>
    /// Maps a WebSocket path for members of the cloud. A foreign certificate is logged and gets 403; a connection whose certificate
    /// ceases to prove its site is cancelled.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">For example <c>/sync</c>.</param>
    /// <param name="handle">Runs for as long as the socket is open; the socket is closed when it returns. Cancelled when the server stops.</param>
    public static IEndpointConventionBuilder MapSite(
        this IEndpointRouteBuilder endpoints, string path, Func<PeerTarget, WebSocket, CancellationToken, Task> handle)
    {
        var pins = endpoints.ServiceProvider.GetRequiredService<PinTable>();
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Skerry.Sync");
        var lifetime = endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        return endpoints.Map(path, async context =>
        {
            if (Authenticate(context, pins, logger) is not ({ } peer, { } pin))
            {
                return;
            }

            if (!context.WebSockets.IsWebSocketRequest)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, $"{path} takes WebSockets only.");
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.Zero });

            // The server waits for open connections when it stops, so they have to hear of it first.
            using var over = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, lifetime.ApplicationStopping, pins.WhileProven(pin));
            await handle(peer, socket, over.Token);
        }).WithMetadata(SyncEndpoint.Instance);
    }

    /// <summary>Maps a POST path for whoever presents a certificate, member or not: how one becomes a member.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">For example <c>/join</c>.</param>
    /// <param name="handle">Gets the pin of the presented certificate, and the request.</param>
    public static IEndpointConventionBuilder MapJoiner(
        this IEndpointRouteBuilder endpoints, string path, Func<string, HttpContext, Task> handle) =>
        endpoints.MapPost(path, async (HttpContext context) =>
        {
            if (context.Connection.ClientCertificate is not { } certificate)
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "A certificate is required.");
                return;
            }

            await handle(SiteCertificate.PinOf(certificate), context);
        }).WithMetadata(SyncEndpoint.Instance);

    private static (PeerTarget? Peer, string? Pin) Authenticate(HttpContext context, PinTable pins, ILogger logger)
    {
        var pin = context.Connection.ClientCertificate is { } certificate ? SiteCertificate.PinOf(certificate) : null;
        if (pin is not null && pins.FindByPin(pin) is { } peer)
        {
            return (peer, pin);
        }

        var remote = $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
        Log.ForeignCertificate(logger, remote, pin ?? "(none)");
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return default;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(message, context.RequestAborted);
    }

    private sealed class SyncConnection
    {
        public static SyncConnection Instance { get; } = new();
    }

    private sealed class SyncEndpoint
    {
        public static SyncEndpoint Instance { get; } = new();
    }
}
