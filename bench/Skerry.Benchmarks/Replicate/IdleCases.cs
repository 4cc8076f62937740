using System.Globalization;
using Skerry.Client.Native.Wire;

namespace Skerry.Benchmarks.Replicate;

/// <summary>What a thousand periodic relations cost their site while none is due.</summary>
internal sealed class IdleCases(TwoSites sites, Selection selection)
{
    private const string Name = "idle-1000-periodic";
    private const int Relations = 1000, AtOnce = 16;
    private const double LeastTold = 0.01;
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Comparison>> RunAsync(CancellationToken cancellationToken)
    {
        if (!selection.Takes(Name))
        {
            return [];
        }

        await Task.Delay(Watched, cancellationToken);
        var before = await WatchAsync(cancellationToken);
        var start = DateTimeOffset.UtcNow.AddDays(1);
        await Parallel.ForAsync(0, Relations, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (i, token) =>
        {
            var id = await sites.MakeVolumeAsync($"periodic-{i}", 1, token);
            await sites.North.Replications.CreateAsync(
                new ReplicationCreateRequest { VolumeId = id, TargetSite = "south", Mode = "periodic", IntervalSeconds = 3600, StartAt = start }, token);
        });

        // What making them left to do is not their upkeep.
        await Task.Delay(Watched, cancellationToken);
        var after = await WatchAsync(cancellationToken);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"bench: {Name}: {after:0.00} % of a core, and {before:0.00} % with none"));

        // Less than that cannot be told from what a site does anyway.
        return [new Comparison(Name, Math.Max(LeastTold, after - before), "% of a core", "bound", 1, 1, LessIsBetter: true)];
    }

    private async Task<double> WatchAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        var began = sites.CoreSeconds().North;
        await Task.Delay(Watched, cancellationToken);
        return 100 * (sites.CoreSeconds().North - began) / Watched.TotalSeconds;
    }
}
