using System.Globalization;
using Skerry.TestKit.Processes;

namespace Skerry.Benchmarks.State;

/// <summary>
/// The replicated state: merging what other sites made, and a million entities of ten fields, taken from a log, from a snapshot and at a
/// start. No peer has such a thing; bounds stand in its place.
/// </summary>
internal static class StateBenchmark
{
    private const string Bound = "bound";
    private const double KibiBytesEach = StateLoad.Entities * 1024.0;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task<IReadOnlyList<Comparison>> RunAsync(string folder, Selection selection, CancellationToken cancellationToken)
    {
        List<Comparison> all = [];
        if (selection.Takes("merge") || selection.Takes("million")) await MeasureAsync("write", folder, cancellationToken);
        if (selection.Takes("merge"))
        {
            const double Creations = StateLoad.Entities / 5 * StateLoad.WritesEach;
            all.Add(await RateAsync("merge, one core, in memory, mutations of 11 writes", "merge-memory", Creations, 1_000_000));
            all.Add(await RateAsync("merge, one core, in memory, mutations of 1 write", "merge-memory-updates", StateLoad.Entities / 5, null));
            all.Add(await RateAsync("merge, durable, mutations of 11 writes", "merge-durable", Creations, 100_000));
        }

        if (selection.Takes("million"))
        {
            var log = await MeasureAsync("take-log", folder, cancellationToken);
            var taken = await MeasureAsync("take-snapshot", folder, cancellationToken);
            var started = await MeasureAsync("start", folder, cancellationToken);
            all.Add(Within("a million entities taken from a snapshot", taken.Seconds, "s", 60));
            all.Add(Within("a start with a million entities", started.Seconds, "s", 10));
            all.Add(Within("resident memory for each, taken from a snapshot", taken.Resident / KibiBytesEach, "KiB", 1.5));
            all.Add(Within("resident memory for each, taken from the log", log.Resident / KibiBytesEach, "KiB", 1.5));
            all.Add(Within("resident memory for each, after a start", started.Resident / KibiBytesEach, "KiB", 1.5));
            all.Add(Within("peak memory for each, from a snapshot", taken.Peak / KibiBytesEach, "KiB", 1.5, isGoal: false));
        }

        return all;

        async Task<Comparison> RateAsync(string metric, string what, double writes, double? goal)
        {
            List<double> rates = [];
            for (var round = 0; round < selection.Rounds; round++) rates.Add(writes / (await MeasureAsync(what, folder, cancellationToken)).Seconds);
            var median = rates.Order().ElementAt(rates.Count / 2);
            return new(metric, Math.Round(median), "writes/s", Bound, goal ?? 1_000_000, goal is null ? null : 1.0);
        }
    }

    private static Comparison Within(string metric, double value, string unit, double bound, bool isGoal = true) =>
        new(metric, Math.Round(value, 3), unit, Bound, bound, isGoal ? 1.0 : null, LessIsBetter: true);

    private static async Task<(double Seconds, double Resident, double Peak)> MeasureAsync(string what, string folder, CancellationToken cancellationToken)
    {
        var log = Path.Combine(folder, $"{what}.log");
        File.Delete(log);
        await using (var child = RunningProgram.Start("dotnet", [typeof(StateChild).Assembly.Location, StateChild.Verb, what, folder], log))
        {
            var started = TimeProvider.System.GetTimestamp();
            while (!child.HasExited)
            {
                if (TimeProvider.System.GetElapsedTime(started) > Patience) throw new InvalidOperationException($"{what} took too long: {child.LogTail()}");
                await Task.Delay(50, cancellationToken);
            }
        }

        var told = (await File.ReadAllLinesAsync(log, cancellationToken)).LastOrDefault(line => line.StartsWith("seconds=", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"{what} failed: {await File.ReadAllTextAsync(log, cancellationToken)}");
        var numbers = told.Split(' ').Select(word => double.Parse(word.Split('=')[1], CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1], numbers[2]);
    }
}
