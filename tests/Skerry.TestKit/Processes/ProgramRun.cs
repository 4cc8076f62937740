using System.Diagnostics;
using System.Text;

namespace Skerry.TestKit.Processes;

/// <summary>What a program that ran to its end printed.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="CommandLine">What was run, for messages.</param>
public sealed record ProgramRun(int ExitCode, string Output, string Errors, string CommandLine)
{
    /// <summary>Runs a program to its end; past <paramref name="timeout"/> it is killed and the run is a fault.</summary>
    public static async Task<ProgramRun> RunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan timeout,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string?>? environment = null,
        Action<string>? onErrorLine = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // e2fsprogs and losetup live in sbin, which a plain user's PATH leaves out.
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var commandLine = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{commandLine}: did not start");
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = ReadLinesAsync(process.StandardError, onErrorLine, limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, await output, await errors, commandLine);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"{commandLine}: not done after {timeout.TotalSeconds:0} s", e);
        }
    }

    /// <summary>The run itself when its exit code is one of those expected (0 by default); else a fault with what it printed.</summary>
    public ProgramRun Require(params ReadOnlySpan<int> exitCodes)
    {
        var good = exitCodes.Length == 0 ? ExitCode == 0 : exitCodes.Contains(ExitCode);
        return good ? this : throw new InvalidOperationException($"{CommandLine}: exit code {ExitCode}\n{Tail(Output)}{Tail(Errors)}");
    }

    /// <summary>True when the program can be found on the PATH or in sbin.</summary>
    public static bool Exists(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Any(d => File.Exists(Path.Combine(d, program)));

    private static async Task<string> ReadLinesAsync(StreamReader reader, Action<string>? onLine, CancellationToken cancellationToken)
    {
        var all = new StringBuilder();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            all.AppendLine(line);
            onLine?.Invoke(line);
        }

        return all.ToString();
    }

    private static string Tail(string text) => text.Length > 4000 ? text[^4000..] : text;
}
