using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skerry.Blocks.Encryption;
using Skerry.Domain.Identity;
using Skerry.Host.Configuration;
using Skerry.Host.Files;
using Skerry.Host.Links;
using Skerry.Host.Wiring;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host;

/// <summary>
/// One run of a site, from the lock on its directory to its release. What is opened first is closed last: the directory, the state,
/// the disks, the services on them, and the listeners.
/// </summary>
internal static class SiteDaemon
{
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(SiteConfiguration site, CancellationToken cancellationToken)
    {
        try
        {
            using var directory = DataDirectory.Open(site.DataDirectory);
            using var certificate = SiteCertificate.LoadOrCreate(directory.Path, site.Name, Hosts(site), TimeProvider.System);
            using var tokenKey = TokenKey.LoadOrCreate(directory.PathOf("token.key"));
            using var keyHolder = new KeyHolder(certificate.First.GetECDsaPrivateKey()!);
            using var sealer = new SiteSealer(certificate);
            await using var replica = await SiteState.OpenAsync(site, directory, sealer, cancellationToken);
            await using var stores = await SiteDisks.OpenAsync(site, keyHolder, cancellationToken);
            await using var app = Build(site, directory, certificate, tokenKey, replica, stores);
            if (site.KillAt is { } killAt)
            {
                Log.KillsItself(app.Logger, killAt.Moment, killAt.Times);
                killAt.Arm();
            }

            await FirstStart.RunAsync(app.Services, site, directory, cancellationToken);
            await StartAsync(app, site, cancellationToken);
            Log.Serving(app.Logger, site.Name, replica.Site, site.Listen, site.SyncListen, site.NbdListen);
            await app.WaitForShutdownAsync(cancellationToken);
            Log.Stopping(app.Logger, site.Name);
            return Environment.ExitCode;
        }
        catch (StartException e)
        {
            await Console.Error.WriteLineAsync($"skerryd: {e.Message}");
            return ExitCodes.Failed;
        }
    }

    private static async Task StartAsync(WebApplication app, SiteConfiguration site, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (Taken(e, site) is { } message)
        {
            throw new StartException(message, e);
        }
    }

    private static WebApplication Build(
        SiteConfiguration site,
        DataDirectory directory,
        SiteCertificate certificate,
        TokenKey tokenKey,
        State.Replica replica,
        Blocks.BlockStoreSet stores)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders().SetMinimumLevel(site.LogLevel).AddJsonConsole(o =>
        {
            o.UseUtcTimestamp = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        }).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(directory);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, LargeBlocks>();
        builder.Services.AddSite(site, certificate, tokenKey, replica, stores);
        builder.Services.Configure<RouteOptions>(o => o.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex"));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
            kestrel.Listen(new IPEndPoint(AddressOf(site.Listen), site.Listen.Port), listen =>
            {
                listen.Protocols = site.Listen.Scheme == "https" ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
                if (site.Listen.Scheme == "https")
                {
                    listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate.Certificate);
                }
            });
            kestrel.Listen(site.SyncListen, listen => listen.UseSkerrySync(certificate));
        });

        var app = builder.Build();
        app.MapSite();
        return app;
    }

    /// <summary>Under these names and addresses clients of the API may reach the site, so its certificate names them.</summary>
    private static string[] Hosts(SiteConfiguration site) =>
        [.. new[] { site.ApiUrl.Host, site.Listen.Host, Dns.GetHostName() }.Select(h => h.Trim('[', ']')).Where(h => h is not ("0.0.0.0" or "::")).Distinct()];

    private static IPAddress AddressOf(Uri listen) =>
        IPAddress.TryParse(listen.Host.Trim('[', ']'), out var address) ? address : IPAddress.Loopback;

    /// <summary>Which listener found its port taken; null when the fault is another.</summary>
    private static string? Taken(Exception exception, SiteConfiguration site)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is AddressInUseException or System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.AddressAlreadyInUse })
            {
                var setting = exception.Message.Contains($":{site.SyncListen.Port}", StringComparison.Ordinal) ? $"sync_listen = {site.SyncListen}"
                    : exception.Message.Contains($":{site.Listen.Port}", StringComparison.Ordinal) ? $"listen = {site.Listen}"
                    : site.Nbd.SocketPath is { } path && e.Message.Contains(path, StringComparison.Ordinal) ? $"nbd_socket = {path}"
                    : $"nbd_listen = {site.NbdListen}";
                return $"the address of {setting} is in use by another program. Stop that one, or change the setting in [site].";
            }

            if (e is System.Net.Sockets.SocketException socket)
            {
                return $"cannot listen on an address of [site]: {exception.Message} ({socket.Message}). Check listen, sync_listen, nbd_listen and nbd_socket.";
            }
        }

        return null;
    }
}
