using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Skerry.State.Storage.Redis;
using Skerry.TestKit.Files;

namespace Skerry.TestKit.Processes;

/// <summary>A real redis-server of its own on a free port of loopback: as durable as a site needs it, unless told otherwise.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly string[] _settings;
    private RunningProgram? _program;

    private RedisServer(int port, string[] settings)
    {
        Port = port;
        _settings = settings;
    }

    public int Port { get; }

    private string Data => _directory.File("data");

    /// <param name="settings">More arguments, as <c>--requirepass</c> and its value; they go before those of a durable server.</param>
    public static async Task<RedisServer> StartAsync(params string[] settings)
    {
        var server = new RedisServer(FreePort.Take(1)[0], settings);
        Directory.CreateDirectory(server.Data);
        await server.StartAsync();
        return server;
    }

    public RedisAddress Address(string prefix = "skerry:test:", string? password = null) => new("127.0.0.1", Port, false, null, password, 0, prefix, null);

    /// <summary>Starts it again on what it left, and waits until it has loaded that.</summary>
    public async Task StartAsync()
    {
        string[] durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--bind", "127.0.0.1", "--dir", Data];
        _program = RunningProgram.Start(
            "redis-server", ["--port", Port.ToString(CultureInfo.InvariantCulture), .. durable, .. _settings], _directory.File("log"));
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (_program.HasExited || watch.Elapsed > Patience)
            {
                throw new InvalidOperationException($"redis-server does not answer (eng/setup installs it): {_program.LogTail()}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_program is { } program)
        {
            await program.KillAsync();
            await program.DisposeAsync();
        }

        _program = null;
    }

    /// <summary>Answers nothing more, and keeps its connections.</summary>
    public void Freeze() => _program!.Freeze();

    public void Thaw() => _program!.Thaw();

    /// <summary>Copies what is on its disk; the server must not run.</summary>
    public void KeepCopy(string name) => Copy(Data, _directory.File(name));

    /// <summary>Puts the copy in the place of what is on its disk; the server must not run.</summary>
    public void PutBack(string name)
    {
        Directory.Delete(Data, recursive: true);
        Copy(_directory.File(name), Data);
    }

    /// <summary>Runs redis-cli.</summary>
    public async Task<string> AskAsync(params string[] words)
    {
        var start = new ProcessStartInfo("redis-cli") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var word in (string[])["-p", Port.ToString(CultureInfo.InvariantCulture), .. words]) start.ArgumentList.Add(word);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Trim();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from)) Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    /// <summary>An answer of any kind but that it still loads.</summary>
    private async Task<bool> AnswersAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await socket.ConnectAsync("127.0.0.1", Port, limit.Token);
            await socket.SendAsync("PING\r\n"u8.ToArray(), limit.Token);
            var answer = new byte[64];
            var length = await socket.ReceiveAsync(answer, limit.Token);
            return length > 0 && !answer.AsSpan(0, length).StartsWith("-LOADING"u8);
        }
        catch (Exception silent) when (silent is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
