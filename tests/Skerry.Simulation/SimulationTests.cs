using System.Diagnostics;
using System.Globalization;

namespace Skerry.Simulation;

public sealed class SimulationTests
{
    private const int DefaultSeeds = 200;

    [Fact]
    public async Task Three_sites_under_partitions_and_crashes_converge_and_lose_nothing()
    {
        var single = Number("SKERRY_SEED");
        var first = single ?? 1;
        var last = single ?? Number("SKERRY_SEEDS") ?? DefaultSeeds;
        var start = Stopwatch.GetTimestamp();
        var reports = new List<RunReport>();
        for (var seed = first; seed <= last; seed++)
        {
            reports.Add(await RunAsync(new SimulationOptions { Seed = seed }));
        }

        Console.WriteLine(
            $"{reports.Count} seeds in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s: {reports.Sum(r => r.Mutations)} mutations, " +
            $"{reports.Sum(r => r.Cuts)} cuts, {reports.Sum(r => r.Crashes)} crashes, {reports.Sum(r => r.FullDisks)} full disks, " +
            $"{reports.Sum(r => r.Snapshots)} snapshots, {reports.Sum(r => r.Frames)} frames; " +
            $"slowest convergence {reports.Max(r => r.ConvergedAfter).TotalSeconds:0.0} s");
        if (single is null && reports.Count >= DefaultSeeds)
        {
            // A simulator that makes no trouble proves nothing.
            Assert.True(reports.Sum(r => r.Cuts) > reports.Count);
            Assert.True(reports.Sum(r => r.Crashes) > reports.Count);
            Assert.True(reports.Sum(r => r.Snapshots) > 0);
            Assert.True(reports.Sum(r => r.FullDisks) > 0);
        }
    }

    [Fact]
    public async Task A_run_depends_on_its_seed_alone()
    {
        var options = new SimulationOptions { Seed = 7 };
        Assert.Equal(await RunAsync(options), await RunAsync(options));
    }

    [Fact]
    public async Task Seven_sites_converge_as_well()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            await RunAsync(new SimulationOptions { Seed = seed, Sites = 7 });
        }
    }

    private static async Task<RunReport> RunAsync(SimulationOptions options)
    {
        try
        {
            return await new World(options).RunAsync();
        }
        catch (Exception failure)
        {
            throw new SimulationException(
                $"Seed {options.Seed} with {options.Sites} sites fails; replay it with: make simulate SEED={options.Seed}\n{failure.Message}", failure);
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
