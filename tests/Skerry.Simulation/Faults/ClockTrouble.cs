using Skerry.Simulation.Runs;

namespace Skerry.Simulation.Faults;

/// <summary>Wall clocks jump, run off, and are coarse.</summary>
internal static class ClockTrouble
{
    public static void Plan(World world)
    {
        var chance = world.Chance;
        if (world.Has(FaultKind.ClockDrift))
        {
            foreach (var site in world.Sites.Where(_ => chance.OneIn(2)))
            {
                site.Clock.Drift = (chance.Source.NextDouble() - 0.5) * Math.Pow(10, -chance.Below(5));
                world.Faults.Struck(FaultKind.ClockDrift);
            }
        }

        if (world.Has(FaultKind.CoarseClock))
        {
            foreach (var site in world.Sites)
            {
                site.Clock.Offset = TimeSpan.Zero;
                site.Clock.Grain = TimeSpan.FromSeconds(10);
            }

            world.Faults.Struck(FaultKind.CoarseClock);
        }

        Trouble.Repeat(world, FaultKind.ClockStep, 1, 15, () =>
        {
            var most = chance.Pick([0.05, 3, 60, 3600]);
            chance.Pick(world.Sites).Clock.Offset += world.Between(-most, most);
            world.Faults.Struck(FaultKind.ClockStep);
        });
    }
}
