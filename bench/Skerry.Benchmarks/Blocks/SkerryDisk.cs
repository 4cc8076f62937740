using System.Net;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;

namespace Skerry.Benchmarks.Blocks;

/// <summary>A volume of a block store on real files, behind the NBD server of this process, which does nothing else meanwhile.</summary>
internal sealed class SkerryDisk : IServedDisk, INbdExports
{
    private const string VolumeId = "disk";

    private readonly BlockStore _store;
    private readonly BlockVolume _volume;
    private readonly NbdServer _server;

    private SkerryDisk(BlockStore store, BlockVolume volume)
    {
        _store = store;
        _volume = volume;
        _server = new NbdServer(new NbdServerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }, this, TimeProvider.System);
    }

    public string Name => "skerry";

    public string Uri => $"nbd://{_server.LocalEndPoint}/{VolumeId}";

    public static async Task<SkerryDisk> StartAsync(string folder, long sizeBytes, CancellationToken cancellationToken)
    {
        var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = Path.Combine(folder, "store") }, cancellationToken);
        try
        {
            var volume = await store.CreateAsync(VolumeId, sizeBytes, cancellationToken);
            await volume.BeginRunAsync(1, cancellationToken);
            var disk = new SkerryDisk(store, volume);
            await disk._server.StartAsync(cancellationToken);
            return disk;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async Task SettleAsync(CancellationToken cancellationToken) => await _volume.FlushAsync(cancellationToken);

    public ValueTask<NbdExport?> OpenAsync(string exportName, EndPoint remote, CancellationToken cancellationToken) =>
        new(exportName == VolumeId ? new NbdExport { Device = _volume, Label = VolumeId } : null);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _store.DisposeAsync();
    }
}
