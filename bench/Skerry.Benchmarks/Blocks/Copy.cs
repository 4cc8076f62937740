using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>Whole disks in and out with nbdcopy, which uses several connections where the server allows it.</summary>
internal static class Copy
{
    /// <summary>From a file in the page cache, durable at the end; over what an earlier copy left.</summary>
    public static Workload In(ContentFiles files) => Of("copy-in", files, uri => ["--flush", files.PathOf(Content.Half), uri]);

    /// <summary>To nowhere, so that no other disk is measured.</summary>
    public static Workload Out(ContentFiles files) => Of("copy-out", files, uri => [uri, "null:"]);

    public static async Task FillAsync(string uri, ContentFiles files, Content content, CancellationToken cancellationToken) =>
        await RunAsync(["--flush", files.PathOf(content), uri], cancellationToken);

    private static Workload Of(string name, ContentFiles files, Func<string, string[]> arguments) => new(
        name,
        "MiB/s",
        Content.Half,
        1.0,
        Servers.RawPeers,
        async (uri, _, _, cancellationToken) =>
        {
            var started = TimeProvider.System.GetTimestamp();
            await RunAsync(arguments(uri), cancellationToken);
            return files.SizeBytes / (double)(1 << 20) / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        });

    private static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var (program, all) = Cores.Client("nbdcopy", arguments);
        (await ProgramRun.RunAsync(program, all, TimeSpan.FromMinutes(2), cancellationToken)).Require();
    }
}
