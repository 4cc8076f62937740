using Skerry.Simulation.Links;
using Skerry.Simulation.Runs;

namespace Skerry.Simulation.Faults;

/// <summary>Links break, lose one direction, are slow, narrow or double.</summary>
internal static class LinkTrouble
{
    public static void Plan(World world)
    {
        var chance = world.Chance;
        Trouble.Repeat(world, FaultKind.LinkCut, 0.5, 8, () => Cut(world, FaultKind.LinkCut, [chance.Pick(world.Wires)], world.Between(0.2, 15)));
        Trouble.Repeat(world, FaultKind.TwoCuts, 2, 15, () => Cut(world, FaultKind.TwoCuts, chance.Shuffle(world.Wires).Take(2), world.Between(1, 15)));
        Trouble.Repeat(world, FaultKind.Halves, 3, 20, () =>
        {
            var part = world.Sites.Where(_ => chance.OneIn(2)).ToHashSet();
            Cut(world, FaultKind.Halves, world.Wires.Where(wire => part.Contains(wire.Ends[0]) != part.Contains(wire.Ends[1])), world.Between(1, 20));
        });
        Trouble.Repeat(world, FaultKind.Island, 2, 20, () =>
        {
            var alone = chance.Pick(world.Sites);
            Cut(world, FaultKind.Island, world.Wires.Where(wire => wire.Joins(alone)), world.Between(1, 20));
        });
        Trouble.Repeat(world, FaultKind.OneWayLoss, 1, 12, () =>
        {
            var lane = chance.Pick(chance.Pick(world.Wires).Lanes);
            lane.IsDead = true;
            world.Faults.Struck(FaultKind.OneWayLoss);
            world.Time.After(world.Between(0.5, 12), () => lane.IsDead = false);
        });
        Trouble.Repeat(world, FaultKind.Duplicate, 1, 10, () =>
        {
            chance.Pick(world.Wires).IsDouble = !chance.OneIn(4);
            world.Faults.Struck(FaultKind.Duplicate);
        });
        Trouble.Repeat(world, FaultKind.SlowLink, 1, 15, () =>
        {
            foreach (var lane in chance.Pick(world.Wires).Lanes)
            {
                lane.LongestDelay = world.Between(0.5, 4);
            }

            world.Faults.Struck(FaultKind.SlowLink);
        });
        Trouble.Repeat(world, FaultKind.NarrowLink, 1, 15, () =>
        {
            foreach (var lane in chance.Pick(world.Wires).Lanes)
            {
                lane.BytesPerSecond = 200 + chance.Below(3000);
            }

            world.Faults.Struck(FaultKind.NarrowLink);
        });
    }

    public static void Cut(World world, FaultKind kind, IEnumerable<Wire> wires, TimeSpan duration)
    {
        var mends = wires.ToList().ConvertAll(wire => wire.Cut());
        world.Faults.Struck(kind);
        world.Time.After(duration, () => mends.ForEach(mend => mend()));
    }
}
