using System.Net.Sockets;
using Skerry.Blocks.Nbd;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Nbd.Fuzz;

/// <summary>Servers to be fuzzed: over a volume, and over devices that finish at once, later, or not well; over TCP and UNIX sockets.</summary>
internal sealed class FuzzTargets : IAsyncDisposable
{
    public const string DeviceFault = "the test's device fails";
    private readonly TemporaryDirectory _files;

    private FuzzTargets(BlockStore store, TemporaryDirectory files) => (Store, _files) = (store, files);

    public BlockStore Store { get; }

    public List<Served> All { get; } = [];

    public static async Task<FuzzTargets> Start()
    {
        TemporaryDirectory files = new();
        BlockStoreOptions options = new() { Directory = files.File("store"), SegmentBytes = 1 << 20, CheckpointBytes = 8 << 20 };
        FuzzTargets targets = new(await BlockStore.OpenAsync(options, CancellationToken.None), files);
        BlockVolume volume = await targets.Store.CreateAsync("v", HostileMessages.DiskBytes, CancellationToken.None);
        await volume.BeginRunAsync(1, CancellationToken.None);
        await volume.WriteAsync(0, new byte[] { 1 }, WriteOptions.None, CancellationToken.None);
        await volume.CreateSnapshotAsync("monday", CancellationToken.None);
        targets.All.Add(await Served.Start(volume, isListed: true, dirtyBitmaps: new SnapshotBitmaps(volume)));
        targets.All.Add(await Served.Start(
            volume, Tight, new UnixDomainSocketEndPoint(files.File("volume.sock")), dirtyBitmaps: new SnapshotBitmaps(volume)));
        targets.All.Add(await Served.Start(new MemoryDevice(HostileMessages.DiskBytes) { Remembers = false }, isListed: true));

        int calls = 0;
        MemoryDevice moody = new(HostileMessages.DiskBytes)
        {
            Remembers = false,
            Before = async (_, cancellationToken) =>
            {
                int call = Interlocked.Increment(ref calls);
                if (call % 3 == 0)
                {
                    await Task.Yield();
                }

                if (call % 997 == 0)
                {
                    await Task.Delay(2, cancellationToken);
                }

                if (call % 101 == 0)
                {
                    throw new IOException(DeviceFault);
                }
            },
        };
        targets.All.Add(await Served.Start(moody, Tight, new UnixDomainSocketEndPoint(files.File("moody.sock"))));
        return targets;
    }

    /// <summary>Nothing of any connection is left, no fault was met but the device's own, and a sane client is served.</summary>
    public async Task AreAtRest()
    {
        foreach (Served served in All)
        {
            await served.Eventually(() => served.Server.Connections.Count == 0, "all connections ended");
            Assert.Equal(0, served.Leases);
            Assert.Equal((0, 0L, 0), served.Server.Held);
            Assert.All(served.Faults, fault => Assert.Equal(DeviceFault, fault.Exception.Message));
            served.Faults.Clear();
            using RawClient client = served.Connect();
            Assert.Equal(HostileMessages.DiskBytes, client.SizeBytes);
            byte[] data = TransmissionTests.Bytes(10_000, 3);

            // The moody one may say no, and says yes to the next.
            RawReply written = client.Do(RawClient.Write, 12_345, 10_000, RawClient.Fua, data);
            if (written.Error == 0 && client.Do(RawClient.Read, 12_345, 10_000) is { Error: 0 } read)
            {
                Assert.Equal(data, read.Content(12_345, 10_000));
            }
        }

        foreach (Served served in All)
        {
            await served.Eventually(() => served.Server.Connections.Count == 0, "the sane clients have gone");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Served served in All)
        {
            await served.DisposeAsync();
        }

        await Store.DisposeAsync();
        _files.Dispose();
    }

    /// <summary>Bounds so low that clients run into them all the time.</summary>
    private static NbdServerOptions Tight(NbdServerOptions options) => new()
    {
        EndPoint = options.EndPoint,
        OnFault = options.OnFault,
        MaxRequestsInFlight = 5,
        MaxBytesInFlight = 128 << 10,
        MaxBytesInFlightOfAll = 512 << 10,
    };
}
