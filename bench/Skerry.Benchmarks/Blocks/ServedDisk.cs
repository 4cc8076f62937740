using System.Net;
using System.Net.Sockets;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>Where a server listens.</summary>
/// <param name="Port">On loopback, or 0 for a socket file.</param>
/// <param name="SocketPath">The socket file; unused with a port.</param>
internal sealed record Listening(int Port, string SocketPath)
{
    public EndPoint EndPoint => Port == 0 ? new UnixDomainSocketEndPoint(SocketPath) : new IPEndPoint(IPAddress.Loopback, Port);

    public string Uri(string export) => Port == 0 ? $"nbd+unix:///{export}?socket={SocketPath}" : $"nbd://{IPAddress.Loopback}:{Port}/{export}";
}

/// <summary>One disk behind one NBD server in a process of its own; all servers keep theirs on the same file system.</summary>
internal sealed class ServedDisk : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    private readonly Server _server;
    private readonly Listening _at;
    private readonly string _data;
    private RunningProgram _program;

    private ServedDisk(Server server, Listening at, string data) => (_server, _at, _data, _program) = (server, at, data, Start(server, at, data));

    public string Name => _server.Name;

    /// <summary>What clients open.</summary>
    public string Uri => _at.Uri(_server.Export);

    /// <param name="server">How it is started.</param>
    /// <param name="folder">For its data and log.</param>
    /// <param name="sizeBytes">The disk's size, if it is not there yet.</param>
    /// <param name="at">Where it is to listen.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    public static async Task<ServedDisk> StartAsync(Server server, string folder, long sizeBytes, Listening at, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, server.DataName);
        if (!Path.Exists(data))
        {
            await server.MakeAsync(data, sizeBytes, cancellationToken);
        }

        var disk = new ServedDisk(server, at, data);
        try
        {
            await disk.AnswersAsync(cancellationToken);
            return disk;
        }
        catch
        {
            await disk.DisposeAsync();
            throw;
        }
    }

    /// <summary>A peer that ended by itself between two measurements is started again, and this is said; ours must not end.</summary>
    public async Task ReviveAsync(CancellationToken cancellationToken)
    {
        if (!_program.HasExited)
        {
            return;
        }

        var end = $"{Name} ended by itself with code {_program.ExitCode}";
        if (_server == Servers.Skerry)
        {
            throw new InvalidOperationException($"{end}: {_program.LogTail()}");
        }

        await Console.Error.WriteLineAsync($"bench: {end}; it is started again");
        await _program.DisposeAsync();
        File.Delete(_at.SocketPath);
        _program = Start(_server, _at, _data);
        await AnswersAsync(cancellationToken);
    }

    /// <summary>Makes all that was written durable, so that the next one's run does not pay for this one's.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        string[] files = Directory.Exists(_data) ? Directory.GetFiles(_data) : [_data];
        var run = await ProgramRun.RunAsync("sync", files, TimeSpan.FromMinutes(1), cancellationToken);

        // A store may delete a file of its own between the listing and the sync.
        if (!Directory.Exists(_data))
        {
            run.Require();
        }
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();

    private static RunningProgram Start(Server server, Listening at, string data)
    {
        var (program, arguments) = server.Command(data, at);
        return RunningProgram.Start(program, arguments, $"{data}.log");
    }

    private async Task AnswersAsync(CancellationToken cancellationToken)
    {
        var endPoint = _at.EndPoint;
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var probe = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
                await probe.ConnectAsync(endPoint, cancellationToken);
                return;
            }
            catch (SocketException) when (!_program.HasExited && TimeProvider.System.GetElapsedTime(started) < StartPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException($"{Name} does not answer at {endPoint}: {_program.LogTail()}", e);
            }
        }
    }
}
