using System.Collections.Concurrent;
using System.Net;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;

namespace Skerry.EndToEnd.Guests;

/// <summary>Serves volumes of stores in this process over TCP, each under a name.</summary>
internal sealed class VolumeServer : INbdExports, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, BlockVolume> _volumes = [];
    private readonly NbdServer _server;

    private VolumeServer() => _server = new NbdServer(
        new NbdServerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), OnFault = Faults.Enqueue }, this, TimeProvider.System);

    public ConcurrentQueue<NbdFault> Faults { get; } = [];

    public static async Task<VolumeServer> StartAsync(CancellationToken cancellationToken)
    {
        var server = new VolumeServer();
        await server._server.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>Opens a volume for writing and serves it.</summary>
    public async Task<GuestDisk> ServeAsync(string name, BlockVolume volume, CancellationToken cancellationToken)
    {
        await volume.BeginRunAsync(1, cancellationToken);
        _volumes[name] = volume;
        return new GuestDisk(_server.LocalEndPoint, name);
    }

    public ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken) =>
        new(_volumes.TryGetValue(exportName, out var volume) ? new NbdExport { Device = volume, Label = exportName } : null);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
