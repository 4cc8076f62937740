using System.Globalization;
using System.Text.Json;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.Replicate;

/// <summary>
/// Writes to a volume with an instant replica beside writes to one without: two volumes of one site, written in pairs, the order
/// turning round each time, by one fio; the two sites, their link and fio share the machine's cores.
/// </summary>
internal sealed class StreamCases(TwoSites sites, Selection selection)
{
    private const int WarmUpSeconds = 3;
    private const string Lag = "instant-lag-d1";
    private const string Pacing = "\n[replication]\npace_writers = yes\n";

    private static readonly Shape[] Shapes =
    [
        new("instant-4k-d1", 0.85, "randwrite", "--bs=4k", "--iodepth=1"),
        new("instant-4k-d16", 0.75, "randwrite", "--bs=4k", "--iodepth=16"),
        new("instant-1m", 0.4, "write", "--bs=1m", "--iodepth=4"),
        new("instant-4k-d16-paced", 0.75, "randwrite", "--bs=4k", "--iodepth=16") { IsPaced = true },
        new("instant-1m-paced", 0.4, "write", "--bs=1m", "--iodepth=4") { IsPaced = true },
    ];

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        var wanted = Shapes.Where(s => selection.Takes(s.Name) || (s == Shapes[0] && selection.Takes(Lag))).ToList();
        if (wanted.Count == 0)
        {
            return [];
        }

        var alone = await VolumeAsync("alone", cancellationToken);
        var followed = await VolumeAsync("followed", cancellationToken);
        var asked = DateTimeOffset.UtcNow;
        var replication = await sites.ReplicateAsync(followed.Id, "instant", cancellationToken);
        await sites.SyncedAsync(replication, asked, cancellationToken);

        await WarmUpAsync([alone.Uri, followed.Uri], cancellationToken);

        List<Comparison> rows = [];
        var isPaced = false;
        foreach (var shape in wanted)
        {
            if (shape.IsPaced && !isPaced)
            {
                isPaced = true;
                asked = DateTimeOffset.UtcNow;
                await sites.RestartNorthAsync(Pacing, cancellationToken);
                await sites.SyncedAsync(replication, asked, cancellationToken);
                await WarmUpAsync([alone.Uri, followed.Uri], cancellationToken);
            }

            List<double> with = [], without = [], ratios = [];
            List<Lagging> lags = [];
            for (var round = 0; round < selection.Rounds; round++)
            {
                foreach (var isFollowed in round % 2 == 0 ? [false, true] : new[] { true, false })
                {
                    if (isFollowed)
                    {
                        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                        var watching = WatchAsync(replication, lags, writing.Token);
                        with.Add(await WriteAsync(followed.Uri, shape, round, cancellationToken));
                        await writing.CancelAsync();
                        await watching;
                        await sites.SyncedAsync(replication, DateTimeOffset.UtcNow, cancellationToken);
                    }
                    else
                    {
                        without.Add(await WriteAsync(alone.Uri, shape, round, cancellationToken));
                    }
                }

                ratios.Add(with[^1] / without[^1]);
            }

            var ratio = Samples.MedianOf(ratios);
            var alongside = Samples.MedianOf(without);
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"bench: {shape.Name}: {string.Join(' ', ratios.Select(r => r.ToString("0.000", CultureInfo.InvariantCulture)))} of the rate without; lag median {1000 * Samples.MedianOf(lags.Select(l => l.Seconds).DefaultIfEmpty(double.NaN)):0} ms, {Growth(lags)}"));

            // The pairs count, not the medians of each side: the machine's own speed moves in between.
            rows.Add(new Comparison(shape.Name, alongside * ratio, "IOPS", "without a replica", alongside, shape.Goal));
            if (shape == Shapes[0] && lags.Count > 0)
            {
                rows.Add(new Comparison(Lag, 1000 * Samples.MedianOf(lags.Select(l => l.Seconds)), "ms", "bound", 50, 1, LessIsBetter: true));
            }
        }

        if (isPaced)
        {
            await sites.RestartNorthAsync("", cancellationToken);
        }

        return rows;
    }

    private async Task<(string Id, string Uri)> VolumeAsync(string name, CancellationToken cancellationToken)
    {
        var id = await sites.MakeVolumeAsync(name, 1, cancellationToken);
        var uri = await TwoSites.ConnectAsync(sites.North, id, cancellationToken);

        // Written over, as a disk in use is: files have the size that they keep.
        (await FioAsync(uri, ["--rw=write", "--bs=1m", "--iodepth=4", "--io_size=2g"], cancellationToken)).Require();
        return (id, uri);
    }

    /// <summary>A site has run for a while: what it does often is compiled, twice, and the files of its log have their pages.</summary>
    private async Task WarmUpAsync(IReadOnlyList<string> uris, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 2; i++)
        {
            foreach (var uri in uris)
            {
                await RateAsync(uri, Shapes[1].Options, WarmUpSeconds, 0, cancellationToken);
            }

            await sites.RestAsync(cancellationToken);
        }
    }

    private Task<double> WriteAsync(string uri, Shape shape, int seed, CancellationToken cancellationToken) =>
        RateAsync(uri, shape.Options, selection.Seconds, seed, cancellationToken);

    /// <summary>Writes in each second.</summary>
    public static async Task<double> RateAsync(string uri, IEnumerable<string> options, int seconds, int seed, CancellationToken cancellationToken)
    {
        var run = (await FioAsync(uri, [.. options, "--time_based", $"--runtime={seconds}s", $"--randseed={seed + 1}"], cancellationToken)).Require();
        using var report = JsonDocument.Parse(run.Output.AsMemory(run.Output.IndexOf('{', StringComparison.Ordinal)));
        return report.RootElement.GetProperty("jobs")[0].GetProperty("write").GetProperty("iops").GetDouble();
    }

    /// <summary>On a volume of 1 GiB.</summary>
    public static Task<ProgramRun> FioAsync(string uri, string[] options, CancellationToken cancellationToken) =>
        ProgramRun.RunAsync(
            "fio", ["--name=bench", "--ioengine=nbd", $"--uri={uri}", "--size=1g", "--output-format=json", .. options], TimeSpan.FromMinutes(5), cancellationToken);

    private async Task WatchAsync(string replication, List<Lagging> lags, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(250, cancellationToken);
                var shown = await sites.North.Replications.ShowAsync(replication, cancellationToken);
                if (shown.Source is { LagSeconds: { } seconds, LagBytes: { } bytes })
                {
                    lags.Add(new Lagging(seconds, bytes, shown.Status));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The writer is done.
        }
    }

    private static string Growth(List<Lagging> lags)
    {
        var half = lags.Count / 2;
        return half == 0
            ? "not seen"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{lags.Take(half).Average(l => l.Bytes) / (1 << 20):0.0} MiB in the first half and {lags.Skip(half).Average(l => l.Bytes) / (1 << 20):0.0} MiB in the second, streaming {100.0 * lags.Count(l => l.Status == "active - secondary") / lags.Count:0} % of the time");
    }

    private sealed record Lagging(double Seconds, long Bytes, string Status);

    private sealed record Shape(string Name, double Goal, string Kind, params string[] More)
    {
        /// <summary>With writers held back while the replica does not keep up, which is not the default.</summary>
        public bool IsPaced { get; init; }

        public IEnumerable<string> Options => [$"--rw={Kind}", .. More];
    }
}
