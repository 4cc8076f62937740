using System.Net;
using Skerry.Blocks.Nbd;
using Skerry.Domain.Volumes;
using Skerry.Host.Configuration;

namespace Skerry.Host.Wiring;

/// <summary>The NBD server for as long as the daemon runs, and the address that connections are told.</summary>
internal sealed class NbdListener(NbdServerOptions options, INbdExports exports, SiteConfiguration site) : IHostedService, INbdAddress, IAsyncDisposable
{
    private readonly NbdServer _server = new(options, exports, TimeProvider.System);

    /// <summary>A wildcard cannot be dialled, so clients are told the name under which they reach the API.</summary>
    public string Host => site.NbdListen.Address.Equals(IPAddress.Any) || site.NbdListen.Address.Equals(IPAddress.IPv6Any)
        ? site.ApiUrl.Host
        : site.NbdListen.Address.ToString();

    public int Port => _server.LocalEndPoint is IPEndPoint bound ? bound.Port : site.NbdListen.Port;

    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
