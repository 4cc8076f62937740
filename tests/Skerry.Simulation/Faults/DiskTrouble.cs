using Skerry.Simulation.Runs;
using Skerry.Simulation.Sites;

namespace Skerry.Simulation.Faults;

/// <summary>Disks are put back to older copies, and copies are started beside their originals.</summary>
internal static class DiskTrouble
{
    public static void Plan(World world)
    {
        Trouble.Repeat(world, FaultKind.RestoredDisk, 1, 15, () => Restore(world));
        Trouble.Repeat(world, FaultKind.ClonedDisk, 2, 20, () => Clone(world));
    }

    /// <summary>Copies a disk, and puts the copy back later. What the site alone had since is lost.</summary>
    private static void Restore(World world)
    {
        if (world.Chance.Pick(world.Sites) is not { IsGone: false } site)
        {
            return;
        }

        var (copy, seen) = (site.Disk.Content, world.Witness.Shown(site));
        world.Time.After(world.Between(0.5, 15), () =>
        {
            if (world.IsHealing || site.IsGone || site.IsHeldDown)
            {
                return;
            }

            site.IsHeldDown = true;
            world.Stop(site);
            world.Time.After(world.Between(0.1, 5), async () =>
            {
                world.Faults.Struck(FaultKind.RestoredDisk);
                site.IsHeldDown = false;
                if (site.IsGone)
                {
                    return;
                }

                site.Disk.Content = copy;
                site.LastStamp = default;
                world.Witness.StartsFrom(site, seen);
                world.History.Lost(world.HeldBesides(site).With(seen));
                await world.StartAsync(site);
            });
        });
    }

    /// <summary>Starts a copy of a disk beside its site. Some clones are found and stopped, others stay.</summary>
    private static void Clone(World world)
    {
        var chance = world.Chance;
        var original = chance.Pick(world.Sites);
        var neighbours = chance.Shuffle(world.Founders.Where(site => site.Id != original.Id)).Take(1 + chance.Below(2)).ToList();
        if (original.IsGone || neighbours.Count == 0 || world.Sites.Count(site => site.Id == original.Id) > 2)
        {
            return;
        }

        world.Faults.Struck(FaultKind.ClonedDisk);
        var clone = world.AddSite(original.Id, original.Disk.Content);
        world.Witness.StartsFrom(clone, world.Witness.Shown(original));
        foreach (var neighbour in neighbours)
        {
            world.Link(neighbour, clone);
        }

        world.Time.After(world.Between(0.1, 3), () => world.StartAsync(clone));
        world.KeepWriting(clone);
        if (chance.OneIn(2))
        {
            world.Time.After(world.Between(1, 20), () => Remove(world, clone));
        }
    }

    private static void Remove(World world, SimulatedSite clone)
    {
        world.Stop(clone);
        clone.IsGone = true;
        world.History.Lost(world.HeldBesides(clone));
    }
}
