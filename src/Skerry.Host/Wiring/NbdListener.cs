using System.Net;
using System.Net.Sockets;
using Skerry.Blocks.Nbd;
using Skerry.Domain.Volumes;
using Skerry.Host.Configuration;
using Skerry.Sync.Transport;

namespace Skerry.Host.Wiring;

/// <summary>The NBD server for as long as the daemon runs, and the address that connections are told.</summary>
internal sealed class NbdListener(SiteConfiguration site, SiteCertificate certificate, INbdExports exports, ILogger logger)
    : IHostedService, INbdAddress, IAsyncDisposable
{
    private readonly NbdServer _server = new(Options(site, certificate, logger), exports, TimeProvider.System);

    /// <summary>A wildcard cannot be dialled, so clients are told the name under which they reach the API.</summary>
    public string Host => site.NbdListen.Address.Equals(IPAddress.Any) || site.NbdListen.Address.Equals(IPAddress.IPv6Any)
        ? site.ApiUrl.Host
        : site.NbdListen.Address.ToString();

    public int Port => _server.LocalEndPoint is IPEndPoint bound ? bound.Port : site.NbdListen.Port;

    /// <summary>Where TLS is merely offered, what stays on this machine need not use it.</summary>
    public string Scheme => site.Nbd.Tls == NbdTlsMode.Require || (site.Nbd.Tls == NbdTlsMode.On && !IPAddress.IsLoopback(site.NbdListen.Address))
        ? "nbds"
        : "nbd";

    public bool KnowsClients => site.Nbd.KnowsClients;

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static NbdServerOptions Options(SiteConfiguration site, SiteCertificate certificate, ILogger logger) => new()
    {
        EndPoint = site.NbdListen,
        MoreEndPoints = site.Nbd.SocketPath is { } path ? [new UnixDomainSocketEndPoint(path)] : [],
        Tls = NbdTls.Load(site.Nbd, certificate),
        MaxConnections = site.Nbd.MaxConnections,
        MaxConnectionsPerExport = site.Nbd.MaxConnectionsPerExport,
        IdleTimeout = site.Nbd.IdleTimeout,
        OnTurnedAway = new TurnedAwayLog(logger, TimeProvider.System).Tell,
        OnFault = fault => Log.NbdFault(logger, fault.Exception, fault.What, fault.Label),
    };
}
