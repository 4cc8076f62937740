using System.Net;
using System.Net.Sockets;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>A raw file behind another NBD server, with the page cache as its write cache and a sync at each flush, as ours has it.</summary>
internal sealed class PeerDisk : IServedDisk
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    private readonly RunningProgram _program;
    private readonly string _file;

    private PeerDisk(string name, RunningProgram program, string file, int port)
    {
        Name = name;
        _program = program;
        _file = file;
        Uri = $"nbd://{IPAddress.Loopback}:{port}/";
    }

    public string Name { get; }

    public string Uri { get; }

    public static Task<PeerDisk> StartNbdkitAsync(string folder, long sizeBytes, CancellationToken cancellationToken) =>
        StartAsync("nbdkit file", "nbdkit", (file, port) => ["-f", "-i", $"{IPAddress.Loopback}", "-p", $"{port}", "file", file], folder, sizeBytes, cancellationToken);

    public static Task<PeerDisk> StartQemuAsync(string folder, long sizeBytes, CancellationToken cancellationToken) =>
        StartAsync(
            "qemu-nbd raw",
            "qemu-nbd",
            (file, port) => ["-t", "-e", "16", "-f", "raw", "--cache=writeback", "--discard=unmap", "-b", $"{IPAddress.Loopback}", "-p", $"{port}", file],
            folder,
            sizeBytes,
            cancellationToken);

    public async Task SettleAsync(CancellationToken cancellationToken) =>
        (await ProgramRun.RunAsync("sync", [_file], TimeSpan.FromMinutes(1), cancellationToken)).Require();

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    private static async Task<PeerDisk> StartAsync(
        string name, string program, Func<string, int, string[]> arguments, string folder, long sizeBytes, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{program}.raw");
        await using (var stream = File.Create(file))
        {
            stream.SetLength(sizeBytes);
        }

        var port = FreePort.Take(1)[0];
        var disk = new PeerDisk(name, RunningProgram.Start(program, arguments(file, port), Path.Combine(folder, $"{program}.log")), file, port);
        try
        {
            await disk.AnswersAsync(port, cancellationToken);
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    private async Task AnswersAsync(int port, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException) when (!_program.HasExited && TimeProvider.System.GetElapsedTime(started) < StartPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException($"{Name} does not answer on port {port}: {_program.LogTail()}", e);
            }
        }
    }
}
