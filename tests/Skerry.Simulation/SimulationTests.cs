using System.Globalization;
using Skerry.Simulation.Faults;
using Skerry.Simulation.Runs;

namespace Skerry.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 300;

    [Fact]
    public void Sites_under_trouble_of_all_kinds_converge_and_lose_nothing()
    {
        var options = FromEnvironment();
        var isSingle = Number("SKERRY_SEED") is not null;
        var seeds = isSingle ? 1 : (int?)Number("SKERRY_SEEDS") ?? DefaultSeeds;
        var campaign = new Campaign(options);
        campaign.Run(seeds, (int?)Number("SKERRY_THREADS") ?? Environment.ProcessorCount, Environment.GetEnvironmentVariable("SKERRY_SHRINK") != "no");
        Tell(campaign.ToString());
        if (seeds < DefaultSeeds || options.Faults is not null)
        {
            return;
        }

        // A simulator that makes no trouble proves nothing.
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            Assert.True(campaign.Faults[kind] > seeds / 20, $"{kind} struck {campaign.Faults[kind]} times in {seeds} runs.");
        }

        Assert.True(campaign.Snapshots > seeds / 2);
        Assert.True(campaign.Mutations > 30 * seeds);
        Assert.True(campaign.Operations > seeds);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    public void A_run_depends_on_its_seed_alone(int sites)
    {
        var options = new SimulationOptions { Seed = 7, Sites = sites, Faults = Enum.GetValues<FaultKind>() };
        Assert.Equal(new World(options).Run().ToString(), new World(options).Run().ToString());
    }

    [Fact]
    public void What_replays_a_run_names_all_that_was_not_drawn()
    {
        var options = new SimulationOptions { Seed = 5, Sites = 2, TroubleSeconds = 1.5, PauseSeconds = 0.25, Faults = [FaultKind.Crash, FaultKind.LogCut] };
        Assert.Equal("make simulate SEED=5 SITES=2 TROUBLE=1.5 PAUSE=0.25 FAULTS=Crash,LogCut", options.Command);
    }

    private static SimulationOptions FromEnvironment() => new()
    {
        Seed = (int?)Number("SKERRY_SEED") ?? (int?)Number("SKERRY_FIRST_SEED") ?? 1,
        Sites = (int?)Number("SKERRY_SITES"),
        TroubleSeconds = Number("SKERRY_TROUBLE"),
        PauseSeconds = Number("SKERRY_PAUSE"),
        Faults = Environment.GetEnvironmentVariable("SKERRY_FAULTS") switch
        {
            null or "" => null,
            "none" => [],
            var names => [.. names.Split(',').Select(name => Enum.Parse<FaultKind>(name, ignoreCase: true))],
        },
    };

    private static double? Number(string variable) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private void Tell(string text)
    {
        Console.WriteLine(text);
        output.WriteLine(text);
    }
}
