using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>A running server on a free loopback port, or UNIX socket, with one export named "disk".</summary>
internal sealed class Served : INbdExports, IAsyncDisposable
{
    public const string ExportName = "disk";

    private readonly IBlockDevice _device;
    private int _opened;
    private int _released;

    private Served(IBlockDevice device, Func<NbdServerOptions, NbdServerOptions>? adjust, EndPoint? endPoint)
    {
        _device = device;
        NbdServerOptions options = new()
        {
            EndPoint = endPoint ?? new IPEndPoint(IPAddress.Loopback, 0),
            OnFault = Faults.Add,
            OnTurnedAway = TurnedAway.Add,
        };
        Server = new NbdServer(adjust is null ? options : adjust(options), this, TimeProvider.System);
    }

    public NbdServer Server { get; }

    public ConcurrentBag<NbdFault> Faults { get; } = [];

    public ConcurrentBag<NbdTurnedAway> TurnedAway { get; } = [];

    public bool IsListed { get; init; }

    public bool ReadOnly { get; init; }

    public CancellationToken Revoked { get; init; }

    public IDirtyBitmaps? DirtyBitmaps { get; init; }

    public NbdLimiter? Limiter { get; init; }

    /// <summary>Leases that were opened and not yet released.</summary>
    public int Leases => Volatile.Read(ref _opened) - Volatile.Read(ref _released);

    public int Opened => Volatile.Read(ref _opened);

    public IPEndPoint Address => (IPEndPoint)Server.LocalEndPoint;

    public string Uri => Server.LocalEndPoint is UnixDomainSocketEndPoint unix
        ? $"nbd+unix:///{ExportName}?socket={unix}"
        : $"nbd://127.0.0.1:{Address.Port}/{ExportName}";

    public static async Task<Served> Start(
        IBlockDevice device,
        Func<NbdServerOptions, NbdServerOptions>? adjust = null,
        EndPoint? endPoint = null,
        bool isListed = false,
        bool readOnly = false,
        CancellationToken revoked = default,
        IDirtyBitmaps? dirtyBitmaps = null,
        NbdLimiter? limiter = null)
    {
        Served served = new(device, adjust, endPoint) { IsListed = isListed, ReadOnly = readOnly, Revoked = revoked, DirtyBitmaps = dirtyBitmaps, Limiter = limiter };
        await served.Server.StartAsync(CancellationToken.None);
        return served;
    }

    public RawClient Connect(bool structured = true, bool allocation = true) => RawClient.Enter(Server.LocalEndPoint, ExportName, structured, allocation);

    /// <summary>Whom the export was last asked by.</summary>
    public NbdPeer? LastPeer { get; private set; }

    public async Task Eventually(Func<bool> condition, string what)
    {
        for (int tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 500, $"not within 5 seconds: {what}");
            await Task.Delay(10);
        }
    }

    public ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken)
    {
        LastPeer = peer;
        if (exportName != ExportName)
        {
            return new((NbdExport?)null);
        }

        Interlocked.Increment(ref _opened);
        return new(new NbdExport
        {
            Device = _device,
            Label = "volume-1",
            Description = "a disk for tests",
            ReadOnly = ReadOnly,
            DirtyBitmaps = DirtyBitmaps,
            Limiter = Limiter,
            Revoked = Revoked,
            Release = () =>
            {
                Interlocked.Increment(ref _released);
                return ValueTask.CompletedTask;
            },
        });
    }

    public ValueTask<IReadOnlyList<NbdListing>> ListAsync(NbdPeer peer, CancellationToken cancellationToken) =>
        new(IsListed ? [new(ExportName, "a disk for tests")] : Array.Empty<NbdListing>());

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
