using System.Collections.Concurrent;
using System.Diagnostics;
using Skerry.Simulation.Checking;
using Skerry.Simulation.Faults;

namespace Skerry.Simulation.Runs;

/// <summary>Many runs, on as many threads as asked for; each run is on one.</summary>
internal sealed class Campaign(SimulationOptions options)
{
    /// <summary>What a failure's message begins with; the number of runs follows.</summary>
    public const string FailedAfter = "Runs until one failed: ";

    private readonly ConcurrentBag<RunReport> _reports = [];

    public FaultCounts Faults { get; } = new();

    public int Runs => _reports.Count;

    public long Mutations => _reports.Sum(report => (long)report.Mutations);

    public long Snapshots => _reports.Sum(report => report.Snapshots);

    public long Operations => _reports.Sum(report => (long)report.Operations);

    public TimeSpan Elapsed { get; private set; }

    /// <exception cref="SimulationException">The lowest seed that fails, shrunk, with what replays it.</exception>
    /// <param name="seeds">How many runs.</param>
    /// <param name="threads">At a time.</param>
    /// <param name="shrink">Look for a smaller run that fails.</param>
    public void Run(int seeds, int threads, bool shrink)
    {
        var started = Stopwatch.GetTimestamp();
        var next = options.Seed - 1;
        var last = options.Seed + seeds - 1;
        var failures = new ConcurrentBag<(SimulationOptions Options, Exception Failure)>();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            for (int seed; failures.IsEmpty && (seed = Interlocked.Increment(ref next)) <= last;)
            {
                var one = options with { Seed = seed };
                try
                {
                    _reports.Add(new World(one).Run());
                }
                catch (Exception failure)
                {
                    failures.Add((one, failure));
                }
            }
        });
        Elapsed = Stopwatch.GetElapsedTime(started);
        foreach (var report in _reports)
        {
            Faults.Add(report.Faults);
        }

        if (!failures.IsEmpty)
        {
            var (failing, failure) = failures.MinBy(f => f.Options.Seed);
            throw new SimulationException(
                $"{FailedAfter}{Runs + failures.Count}: {(shrink ? Shrinker.Tell(failing, failure) : $"{failing.Command}\n{failure.Message}")}", failure);
        }
    }

    public override string ToString()
    {
        var sites = _reports.Select(report => report.Sites).Order().ToList();
        var slowest = _reports.MaxBy(report => report.ConvergedAfter)!;
        return $"{Runs} seeds in {Elapsed.TotalSeconds:0.0} s: {sites[0]} to {sites[^1]} sites (median {sites[sites.Count / 2]}), {Mutations} mutations " +
            $"({_reports.Sum(report => (long)report.Acknowledged)} acknowledged), {_reports.Sum(report => report.Frames)} frames, {Snapshots} snapshots, {Operations} operations; " +
            $"slowest convergence {slowest.ConvergedAfter.TotalSeconds:0.0} s (seed {slowest.Seed}).\nTrouble: {Faults}.";
    }
}
