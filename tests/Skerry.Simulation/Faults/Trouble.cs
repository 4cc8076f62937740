using Skerry.Simulation.Runs;

namespace Skerry.Simulation.Faults;

/// <summary>Plans the trouble of a run.</summary>
internal static class Trouble
{
    public static void Plan(World world)
    {
        LinkTrouble.Plan(world);
        ProcessTrouble.Plan(world);
        ClockTrouble.Plan(world);
        DiskTrouble.Plan(world);
        MemberTrouble.Plan(world);
    }

    /// <summary>Strikes again and again while the trouble lasts, if the run has that kind.</summary>
    public static void Repeat(World world, FaultKind kind, double leastSeconds, double mostSeconds, Func<ValueTask> strike)
    {
        if (!world.Has(kind))
        {
            return;
        }

        world.Time.After(world.Between(leastSeconds, mostSeconds), async () =>
        {
            if (world.IsHealing)
            {
                return;
            }

            Repeat(world, kind, leastSeconds, mostSeconds, strike);
            await strike();
        });
    }

    public static void Repeat(World world, FaultKind kind, double leastSeconds, double mostSeconds, Action strike) =>
        Repeat(world, kind, leastSeconds, mostSeconds, () =>
        {
            strike();
            return ValueTask.CompletedTask;
        });
}
