using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>Whole disks in and out with nbdcopy, which uses several connections where the server allows it.</summary>
internal static class Copy
{
    /// <summary>From a file in the page cache, durable at the end.</summary>
    public static Workload In(string file, long sizeBytes) => Of("nbdcopy in", sizeBytes, uri => ["--flush", file, uri]);

    /// <summary>To nowhere, so that no other disk is measured.</summary>
    public static Workload Out(long sizeBytes) => Of("nbdcopy out", sizeBytes, uri => [uri, "null:"]);

    private static Workload Of(string metric, long sizeBytes, Func<string, string[]> arguments) => new(
        metric,
        "MiB/s",
        async (uri, cancellationToken) =>
        {
            var started = TimeProvider.System.GetTimestamp();
            (await ProgramRun.RunAsync("nbdcopy", arguments(uri), TimeSpan.FromMinutes(2), cancellationToken)).Require();
            return sizeBytes / (double)(1 << 20) / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        });
}
