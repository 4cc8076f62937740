using System.Net;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>How one NBD server is started.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="DataName">The name of its file or folder.</param>
/// <param name="Export">The export to open.</param>
/// <param name="MakeAsync">Makes the disk at a path, of this many bytes.</param>
/// <param name="Command">The program that serves the disk at a path.</param>
internal sealed record Server(
    string Name,
    string DataName,
    string Export,
    Func<string, long, CancellationToken, Task> MakeAsync,
    Func<string, Listening, (string Program, string[] Arguments)> Command);

/// <summary>
/// Ours and the peers. All have the page cache as their write cache and sync at each flush; all are one process on one core.
/// </summary>
internal static class Servers
{
    public const string Nbdkit = "nbdkit file", QemuRaw = "qemu-nbd raw", QemuQcow2 = "qemu-nbd qcow2";

    private const string Volume = "disk";

    /// <summary>The better of these is what most goals are meant against.</summary>
    public static IReadOnlyList<string> RawPeers { get; } = [Nbdkit, QemuRaw];

    public static Server Skerry { get; } = new(
        "skerry",
        "store",
        Volume,
        async (path, sizeBytes, cancellationToken) =>
            (await ProgramRun.RunAsync(OurProgram(), ["create", path, Volume, "--size", $"{sizeBytes}"], TimeSpan.FromMinutes(1), cancellationToken)).Require(),
        (path, at) => Cores.Server(
            OurProgram(), ["export", path, Volume, .. at.Port == 0 ? new[] { "--unix", at.SocketPath } : ["--listen", $"{IPAddress.Loopback}:{at.Port}"]]));

    public static IReadOnlyList<Server> Peers { get; } =
    [
        new(
            Nbdkit,
            "nbdkit.raw",
            "",
            MakeRawAsync,
            (path, at) => Cores.Server("nbdkit", ["-f", .. at.Port == 0 ? new[] { "-U", at.SocketPath } : ["-i", $"{IPAddress.Loopback}", "-p", $"{at.Port}"], "file", path])),
        new(QemuRaw, "qemu.raw", "", MakeRawAsync, (path, at) => Qemu("raw", path, at)),
        new(
            QemuQcow2,
            "qemu.qcow2",
            "",
            async (path, sizeBytes, cancellationToken) =>
                (await ProgramRun.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", path, $"{sizeBytes}"], TimeSpan.FromMinutes(1), cancellationToken)).Require(),
            (path, at) => Qemu("qcow2", path, at)),
    ];

    /// <summary>As built and released; the benchmarks run in the checkout's root.</summary>
    private static string OurProgram()
    {
        var path = Path.GetFullPath("artifacts/bin/skerry-blocks");
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is not there; run make build");
    }

    private static (string Program, string[] Arguments) Qemu(string format, string path, Listening at) => Cores.Server(
        "qemu-nbd",
        ["-t", "-e", "16", "-f", format, "--cache=writeback", "--discard=unmap", .. at.Port == 0 ? new[] { "-k", at.SocketPath } : ["-b", $"{IPAddress.Loopback}", "-p", $"{at.Port}"], path]);

    private static async Task MakeRawAsync(string path, long sizeBytes, CancellationToken cancellationToken)
    {
        await using var stream = File.Create(path);
        stream.SetLength(sizeBytes);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
