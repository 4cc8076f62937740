using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Skerry.TestKit.Processes;

/// <summary>A program in the background, with its output in a file; stopped by its process id, at the latest when disposed.</summary>
public sealed partial class RunningProgram : IAsyncDisposable
{
    private const int Kill = 9, Terminate = 15, Stop = 19, Continue = 18;

    private readonly Process _process;

    private RunningProgram(Process process, string logPath)
    {
        _process = process;
        LogPath = logPath;
    }

    /// <summary>Where its standard output and standard error go.</summary>
    public string LogPath { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Starts it; output is appended to <paramref name="logPath"/>.</summary>
    public static RunningProgram Start(
        string program, IEnumerable<string> arguments, string logPath, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // A shell opens the log, so that the program's output needs nobody to read it, even when this process is gone.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec \"$@\" >>\"$log\" 2>&1");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(logPath);
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program}: did not start");
        process.StandardInput.Close();
        return new(process, logPath);
    }

    /// <summary>SIGKILL: nothing in the program runs after this.</summary>
    public async Task KillAsync()
    {
        Signal(Kill);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and SIGKILL when that did not end it in time. True when SIGTERM was enough.</summary>
    public async Task<bool> TerminateAsync(TimeSpan patience)
    {
        Signal(Terminate);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return false;
        }
    }

    /// <summary>SIGSTOP: the program is there and does not answer.</summary>
    public void Freeze() => Signal(Stop);

    public void Thaw() => Signal(Continue);

    /// <summary>The end of its log, for messages.</summary>
    public string LogTail(int lines = 20) =>
        File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(lines).Select(l => l.Length > 600 ? $"{l[..600]} ..." : l)) : "";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await TerminateAsync(TimeSpan.FromSeconds(5));
        }

        _process.Dispose();
    }

    private void Signal(int number)
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, number);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
