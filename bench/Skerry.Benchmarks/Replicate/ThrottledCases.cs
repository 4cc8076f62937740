using System.Globalization;

namespace Skerry.Benchmarks.Replicate;

/// <summary>Writes to a volume while a one-time transfer of it is under way on a link that is held to a rate, beside writes while it is paused.</summary>
internal sealed class ThrottledCases(TwoSites sites, Selection selection)
{
    private const string Name = "write-beside-transfer";
    private const string Throttle = "\n[replication]\nbandwidth = 4MiB/s\n";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        if (!selection.Takes(Name))
        {
            return [];
        }

        await sites.RestartNorthAsync(Throttle, cancellationToken);
        var id = await sites.MakeVolumeAsync("throttled", 1, cancellationToken);
        var uri = await TwoSites.ConnectAsync(sites.North, id, cancellationToken);
        (await StreamCases.FioAsync(uri, ["--rw=write", "--bs=1m", "--iodepth=4", "--io_size=2g"], cancellationToken)).Require();
        await WriteAsync(uri, 0, cancellationToken);
        await sites.RestAsync(cancellationToken);
        var replication = await sites.ReplicateAsync(id, "one-time", cancellationToken);
        List<double> ratios = [], without = [];
        for (var round = 0; round < selection.Rounds; round++)
        {
            await UntilAsync(replication, isMoving: true, cancellationToken);
            var with = await WriteAsync(uri, round, cancellationToken);
            await UntilAsync(replication, isMoving: true, cancellationToken);
            await sites.North.Replications.ActAsync(replication, "pause", cancellationToken);
            await UntilAsync(replication, isMoving: false, cancellationToken);
            without.Add(await WriteAsync(uri, round, cancellationToken));
            ratios.Add(with / without[^1]);
            await sites.North.Replications.ActAsync(replication, "resume", cancellationToken);
        }

        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"bench: {Name}: {string.Join(' ', ratios.Select(r => r.ToString("0.000", CultureInfo.InvariantCulture)))} of the rate without"));
        await sites.RestartNorthAsync("", cancellationToken);
        var (ratio, alone) = (Samples.MedianOf(ratios), Samples.MedianOf(without));
        return [new Comparison(Name, alone * ratio, "IOPS", "without a transfer", alone, 0.9)];
    }

    private Task<double> WriteAsync(string uri, int seed, CancellationToken cancellationToken) =>
        StreamCases.RateAsync(uri, ["--rw=randwrite", "--bs=4k", "--iodepth=16"], selection.Seconds, seed, cancellationToken);

    private async Task UntilAsync(string replication, bool isMoving, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await sites.North.Replications.ShowAsync(replication, cancellationToken)).Source is not { Transfer: var transfer } || transfer is not null != isMoving)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"the transfer is {(isMoving ? "not" : "still")} under way: {await sites.North.Replications.ShowAsync(replication, cancellationToken)}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }
}
