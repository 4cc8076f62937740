using System.Text.Json;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>Workloads of fio's NBD engine, one connection for each job.</summary>
internal static class Fio
{
    /// <summary>4 KiB requests all over the disk.</summary>
    /// <param name="name">The case.</param>
    /// <param name="kind"><c>randread</c> or <c>randwrite</c>.</param>
    /// <param name="depth">Requests under way at once, of each job.</param>
    /// <param name="goal">The ratio to reach.</param>
    /// <param name="jobs">How many connections do this at once; their rates are added.</param>
    public static Workload Small(string name, string kind, int depth, double goal, int jobs = 1) =>
        new(name, "IOPS", Content.Full, goal, Servers.RawPeers, Runner(kind, "iops", 1, "--bs=4k", $"--iodepth={depth}", $"--numjobs={jobs}", "--group_reporting"));

    /// <summary>4 KiB writes, each followed by a flush that is waited for. The goal is meant against nbdkit.</summary>
    public static Workload Flushed(string name, double goal) =>
        new(name, "IOPS", Content.Full, goal, [Servers.Nbdkit], Runner("randwrite", "iops", 1, "--bs=4k", "--iodepth=1", "--fsync=1"));

    /// <summary>1 MiB requests from the start of the disk on.</summary>
    /// <param name="name">The case.</param>
    /// <param name="kind"><c>read</c> or <c>write</c>.</param>
    /// <param name="goal">The ratio to reach.</param>
    public static Workload Large(string name, string kind, double goal) =>
        new(name, "MiB/s", Content.InOrder, goal, Servers.RawPeers, Runner(kind, "bw", 1.0 / 1024, "--bs=1m", "--iodepth=4"));

    /// <summary>Writes a disk over as the content's workloads do, until files have the size that they keep.</summary>
    public static async Task AgeAsync(string uri, Content content, long diskBytes, CancellationToken cancellationToken)
    {
        if (content == Content.Half)
        {
            return;
        }

        string[] shape = content == Content.InOrder ? ["--rw=write", "--bs=1m", "--iodepth=4", $"--io_size={3 * diskBytes}"] : ["--rw=randwrite", "--bs=4k", "--iodepth=32", $"--io_size={2 * diskBytes}"];
        var (program, arguments) = Cores.Client("fio", ["--name=age", "--ioengine=nbd", $"--uri={uri}", $"--size={diskBytes}", .. shape, "--randseed=7"]);
        (await ProgramRun.RunAsync(program, arguments, TimeSpan.FromMinutes(3), cancellationToken)).Require();
    }

    private static Func<string, int, int, CancellationToken, Task<double>> Runner(string kind, string measure, double scale, params string[] shape) =>
        async (uri, milliseconds, seed, cancellationToken) =>
        {
            var (program, arguments) = Cores.Client(
                "fio",
                ["--name=bench", "--ioengine=nbd", $"--uri={uri}", $"--rw={kind}", .. shape, "--time_based", $"--runtime={milliseconds}ms", $"--randseed={seed}", "--output-format=json"]);
            var run = (await ProgramRun.RunAsync(program, arguments, TimeSpan.FromMinutes(3), cancellationToken)).Require();

            // The engine may say something before the document begins.
            using var report = JsonDocument.Parse(run.Output.AsMemory(run.Output.IndexOf('{', StringComparison.Ordinal)));
            var direction = kind.EndsWith("read", StringComparison.Ordinal) ? "read" : "write";
            return report.RootElement.GetProperty("jobs")[0].GetProperty(direction).GetProperty(measure).GetDouble() * scale;
        };
}
