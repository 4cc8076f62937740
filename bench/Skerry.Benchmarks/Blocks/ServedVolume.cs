using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;

namespace Skerry.Benchmarks.Blocks;

/// <summary>A volume of a block store behind an NBD server, as a process of its own, which serves until it is told to stop.</summary>
internal sealed class ServedVolume(BlockVolume volume) : INbdExports
{
    public const string Verb = "serve";

    public static async Task MakeAsync(string directory, string volumeId, long sizeBytes, CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken);
        await store.CreateAsync(volumeId, sizeBytes, cancellationToken);
    }

    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (arguments is not [var directory, var volumeId, var kind, var address])
        {
            await Console.Error.WriteLineAsync($"bench: use {Verb} DIRECTORY VOLUME --listen ADDRESS:PORT | --unix PATH");
            return 2;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        EndPoint endPoint = kind == "--unix" ? new UnixDomainSocketEndPoint(address) : IPEndPoint.Parse(address);
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory }, cancellationToken);
        var volume = await store.OpenAsync(volumeId, cancellationToken);
        await volume.BeginRunAsync(1, cancellationToken);
        await using var server = new NbdServer(new NbdServerOptions { EndPoint = endPoint }, new ServedVolume(volume), TimeProvider.System);
        await server.StartAsync(cancellationToken);
        await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return 0;
    }

    public ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken) =>
        new(exportName == volume.Id ? new NbdExport { Device = volume, Label = volume.Id } : null);
}
