using System.Text.Json;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>Workloads of fio's NBD engine, one connection each.</summary>
internal static class Fio
{
    private const int RunMilliseconds = 1500;

    /// <summary>4 KiB requests all over the disk.</summary>
    /// <param name="kind"><c>randread</c> or <c>randwrite</c>.</param>
    /// <param name="depth">Requests under way at once.</param>
    /// <param name="withSync">Each write is followed by a flush.</param>
    public static Workload Small(string kind, int depth, bool withSync = false) => new(
        $"{(withSync ? "write+fsync" : kind)} 4k depth {depth}",
        "IOPS",
        async (uri, cancellationToken) => await RunAsync(uri, kind, ["--bs=4k", $"--iodepth={depth}", .. withSync ? ["--fsync=1"] : Array.Empty<string>()], "iops", cancellationToken));

    /// <summary>1 MiB requests from the start of the disk on.</summary>
    /// <param name="kind"><c>read</c> or <c>write</c>.</param>
    public static Workload Large(string kind) => new(
        $"{kind} 1m sequential",
        "MiB/s",
        async (uri, cancellationToken) => await RunAsync(uri, kind, ["--bs=1m", "--iodepth=4"], "bw", cancellationToken) / 1024);

    private static async Task<double> RunAsync(string uri, string kind, string[] shape, string measure, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            "--name=bench", "--ioengine=nbd", $"--uri={uri}", $"--rw={kind}", .. shape,
            "--time_based", $"--runtime={RunMilliseconds}ms", "--randrepeat=1", "--randseed=1", "--output-format=json",
        ];
        var run = (await ProgramRun.RunAsync("fio", arguments, TimeSpan.FromMinutes(1), cancellationToken)).Require();

        // The engine may say something before the document begins.
        using var report = JsonDocument.Parse(run.Output.AsMemory(run.Output.IndexOf('{', StringComparison.Ordinal)));
        var direction = kind.EndsWith("read", StringComparison.Ordinal) ? "read" : "write";
        return report.RootElement.GetProperty("jobs")[0].GetProperty(direction).GetProperty(measure).GetDouble();
    }
}
