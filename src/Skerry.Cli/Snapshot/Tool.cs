using System.ComponentModel;
using System.Diagnostics;

namespace Skerry.Cli.Snapshot;

/// <summary>Programs of this machine that do what is not worth doing again.</summary>
internal static class Tool
{
    /// <exception cref="DidNotSucceedException">It is not installed.</exception>
    public static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // Where the file system's own tools are is not on everybody's path.
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new DidNotSucceedException(
                $"{program} is not installed on this machine.", "--files needs nbdfuse (libnbd), fusermount3 (fuse3) and debugfs (e2fsprogs).");
        }
    }

    /// <summary>What it printed, and whether it was content.</summary>
    public static async Task<(string Output, string Talk, bool IsDone)> RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(program, arguments);
        var talk = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (output, await talk, process.ExitCode == 0);
    }
}
