using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Blocks;

/// <summary>The block store behind NBD, beside servers of raw files and qcow2 on the same disk, with the clients that people use.</summary>
/// <remarks>
/// In each round every workload goes to every server in turn, and the order of the servers turns round each time (A B, B A), so what the
/// machine does besides falls on all alike, and medians leave out what falls on one. Before, every disk is written over several times, as
/// one in use is: all files have reached their size then. A short round before the first is not counted: it warms the servers.
/// </remarks>
internal static class BlockBenchmark
{
    private const long DiskBytes = 1L << 30;
    private const int WarmMilliseconds = 600;

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string folder, Selection selection, CancellationToken cancellationToken)
    {
        var files = new ContentFiles(folder, DiskBytes);
        var groups = Workloads(files).Where(w => selection.Takes(w.Case)).GroupBy(w => w.Content).OrderBy(g => g.Key).ToList();
        if (groups.Count == 0)
        {
            return [];
        }

        foreach (var group in groups)
        {
            await files.MakeAsync(group.Key, cancellationToken);
        }

        // A socket's path has room for 107 bytes, which a checkout's folder may use up.
        var sockets = Directory.CreateTempSubdirectory("skerry-bench-");
        try
        {
            List<Comparison> all = [];
            foreach (var transport in selection.Transports)
            {
                all.AddRange(await MeasureAsync(folder, sockets.FullName, transport, files, groups, selection, cancellationToken));
            }

            return all;
        }
        finally
        {
            sockets.Delete(recursive: true);
        }
    }

    private static Workload[] Workloads(ContentFiles files) =>
    [
        Fio.Small("randread-d32", "randread", 32, 1.3), Fio.Small("randread-2jobs", "randread", 32, 1.3, jobs: 2), Fio.Small("randread-d1", "randread", 1, 1.1),
        Fio.Small("randwrite-d32", "randwrite", 32, 1.3), Fio.Small("randwrite-2jobs", "randwrite", 32, 1.3, jobs: 2), Fio.Small("randwrite-d1", "randwrite", 1, 1.1),
        Fio.Flushed("fsync", 1.0), Fio.Large("read-1m", "read", 1.0), Fio.Large("write-1m", "write", 1.0),
        Copy.In(files), Copy.Out(files),
    ];

    private static async Task<IReadOnlyList<Comparison>> MeasureAsync(
        string folder, string sockets, string transport, ContentFiles files, IReadOnlyList<IGrouping<Content, Workload>> groups, Selection selection, CancellationToken cancellationToken)
    {
        List<ServedDisk> disks = [];
        try
        {
            foreach (var server in (Server[])[Servers.Skerry, .. Servers.Peers])
            {
                var at = new Listening(transport == "tcp" ? FreePort.Take(1)[0] : 0, Path.Combine(sockets, server.DataName));
                disks.Add(await ServedDisk.StartAsync(server, folder, DiskBytes, at, cancellationToken));
            }

            List<Comparison> all = [];
            foreach (var group in groups)
            {
                foreach (var disk in disks)
                {
                    await disk.ReviveAsync(cancellationToken);
                    await Copy.FillAsync(disk.Uri, files, group.Key, cancellationToken);
                    await disk.ReviveAsync(cancellationToken);
                    await Fio.AgeAsync(disk.Uri, group.Key, DiskBytes, cancellationToken);
                    await disk.SettleAsync(cancellationToken);
                }

                var values = await RoundsAsync(disks, [.. group], transport, selection, cancellationToken);
                all.AddRange(group.SelectMany(workload => Compare(workload, transport, disk => values[(workload, disk)], disks)));
            }

            return all;
        }
        finally
        {
            foreach (var disk in disks)
            {
                await disk.DisposeAsync();
            }
        }
    }

    private static async Task<Dictionary<(Workload, ServedDisk), List<double>>> RoundsAsync(
        IReadOnlyList<ServedDisk> disks, IReadOnlyList<Workload> workloads, string transport, Selection selection, CancellationToken cancellationToken)
    {
        var values = new Dictionary<(Workload, ServedDisk), List<double>>();
        for (var round = 0; round <= selection.Rounds; round++)
        {
            foreach (var workload in workloads)
            {
                await Console.Error.WriteLineAsync($"bench: {transport}, {(round == 0 ? "warming up" : $"round {round} of {selection.Rounds}")}: {workload.Case}");
                foreach (var disk in round % 2 == 0 ? disks.Reverse() : disks)
                {
                    await disk.ReviveAsync(cancellationToken);

                    // Within a round all get the same requests; each round has others, so that nobody reads in the order it wrote.
                    var value = await workload.RunAsync(disk.Uri, round == 0 ? WarmMilliseconds : selection.Milliseconds, (round * 100) + workloads.ToList().IndexOf(workload) + 1, cancellationToken);
                    await disk.SettleAsync(cancellationToken);
                    if (round > 0)
                    {
                        (values.TryGetValue((workload, disk), out var list) ? list : values[(workload, disk)] = []).Add(value);
                    }
                }
            }
        }

        return values;
    }

    private static IEnumerable<Comparison> Compare(Workload workload, string transport, Func<ServedDisk, List<double>> values, IReadOnlyList<ServedDisk> disks)
    {
        var ours = Median(values(disks[0]));
        var bar = disks.Where(d => workload.Bars.Contains(d.Name)).MaxBy(d => Median(values(d)))!;
        return disks.Skip(1).Select(peer => new Comparison(
            $"{workload.Case} {transport}", ours, workload.Unit, peer.Name, Median(values(peer)), peer == bar ? workload.Goal : null));
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 1);
}
