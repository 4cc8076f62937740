using System.Net.Sockets;
using Skerry.Demo;
using Skerry.TestKit.Files;
using Skerry.TestKit.Processes;

namespace Skerry.EndToEnd.Guests;

/// <summary>A guest keeps committing to a volume that <c>skerry-blocks export</c> serves, while that is killed under it.</summary>
[Collection(GuestCollection.Name)]
public sealed class KilledServerTests(BootDisk bootDisk) : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task What_a_guest_has_committed_outlives_the_server_and_a_guest_goes_on_with_the_next_one()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var bootServer = await CreateAndExportAsync("boot", BootDisk.SizeBytes, cancellationToken);
        (await Stage.RunAsync("nbdcopy", cancellationToken, "--flush", bootDisk.ImagePath, $"nbd+unix:///boot?socket={SocketOf("boot")}")).Require();

        await using var first = await CreateAndExportAsync("data", 512L << 20, cancellationToken);
        await using var guest = await Guest.BootAsync([Disk("boot"), Disk("data")], cancellationToken);
        await guest.RunAsync("prepare vdb", cancellationToken);
        await guest.RunAsync("load", cancellationToken);
        await guest.CommitsAsync(30, cancellationToken);

        await first.KillAsync();
        await using var second = await ExportAsync("data", cancellationToken);
        await guest.CommitsAsync(30, cancellationToken);

        await second.KillAsync();
        await guest.KillAsync();
        var committed = guest.Committed;
        (await RunAsync(cancellationToken, "check", StoreOf("data"), "--quiet")).Require();

        await using var third = await ExportAsync("data", cancellationToken);
        await using var doctor = await Guest.BootAsync([Disk("boot"), Disk("data")], cancellationToken);
        await doctor.FindsAllAsync("vdb", committed, "after SIGKILL of the server, twice, and of the guest", cancellationToken);
    }

    private static string Program => Checkout.PathOf("artifacts", "bin", "skerry-blocks");

    private string StoreOf(string name) => _files.File($"{name}-store");

    private string SocketOf(string name) => _files.File($"{name}.sock");

    private GuestDisk Disk(string name) => new(new UnixDomainSocketEndPoint(SocketOf(name)), name);

    private async Task<RunningProgram> CreateAndExportAsync(string name, long sizeBytes, CancellationToken cancellationToken)
    {
        (await RunAsync(cancellationToken, "create", StoreOf(name), name, "--size", $"{sizeBytes}")).Require();
        return await ExportAsync(name, cancellationToken);
    }

    private async Task<RunningProgram> ExportAsync(string name, CancellationToken cancellationToken)
    {
        var server = RunningProgram.Start(Program, ["export", StoreOf(name), name, "--unix", SocketOf(name)], _files.File($"{name}.log"));
        await Eventually.TrueAsync($"{name} is served", TimeSpan.FromSeconds(20), async () =>
        {
            Assert.False(server.HasExited, server.LogTail());
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(Disk(name).Server, cancellationToken);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, cancellationToken);
        return server;
    }

    private static Task<ProgramRun> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        ProgramRun.RunAsync(Program, arguments, TimeSpan.FromSeconds(60), cancellationToken);
}
