using Skerry.Simulation.Checking;
using Skerry.Simulation.Runs;
using Skerry.Simulation.Sites;
using Skerry.State.Log;
using Skerry.State.Storage;

namespace Skerry.Simulation.Faults;

/// <summary>Sites come, and are away for long.</summary>
internal static class MemberTrouble
{
    private const int MostNewSites = 3;

    public static void Plan(World world)
    {
        Trouble.Repeat(world, FaultKind.NewSite, 3, 20, () =>
        {
            if (world.Sites.Count < world.Plan.Sites + MostNewSites)
            {
                var site = world.AddSite(world.NewId(), DiskContent.Empty);
                world.Time.After(TimeSpan.Zero, () => world.StartAsync(site));
                Enter(world, site, FaultKind.NewSite);
            }
        });
        Trouble.Repeat(world, FaultKind.AdoptedSite, 3, 20, () => AdoptAsync(world));
        Trouble.Repeat(world, FaultKind.LongAway, 2, 10, () =>
        {
            var away = world.Chance.Pick(world.Sites);
            LinkTrouble.Cut(world, FaultKind.LongAway, world.Wires.Where(wire => wire.Joins(away)), world.Plan.Trouble / 2);
        });
        Trouble.Repeat(world, FaultKind.Retirement, 0.5, 6, () => RetireAsync(world, world.Chance.Pick(world.Sites)));
    }

    private static async ValueTask RetireAsync(World world, SimulatedSite site)
    {
        if (site.Replica is not { } replica)
        {
            return;
        }

        var isRash = world.Chance.OneIn(6);
        var ends = replica.Vector.Where(end => end.Site == site.Id && end.Incarnation != replica.Incarnation
            && (isRash || (world.Members.All(member => member.Replica?.Vector.Covers(end) == true) && world.Sites.All(other => other.Replica?.Incarnation != end.Incarnation)))).ToList();
        var life = site.Life;
        try
        {
            if (ends.Count > 0 && await world.RetireAsync(site, ends))
            {
                world.Faults.Struck(FaultKind.Retirement);
            }
        }
        catch (StateStoreException fault)
        {
            world.StoreFailed(site, life, fault);
        }
    }

    private static void Enter(World world, SimulatedSite site, FaultKind kind)
    {
        foreach (var neighbour in world.Chance.Shuffle(world.Founders).Take(1 + world.Chance.Below(2)))
        {
            world.Link(neighbour, site);
        }

        world.Faults.Struck(kind);
        world.KeepWriting(site);
    }

    /// <summary>As a daemon joins a cloud: it has made its first entities, and takes a member's snapshot in their place.</summary>
    private static ValueTask AdoptAsync(World world)
    {
        if (world.Sites.Count >= world.Plan.Sites + MostNewSites || world.Members.FirstOrDefault(member => member.IsUp) is not { } sponsor)
        {
            return ValueTask.CompletedTask;
        }

        var site = world.AddSite(world.NewId(), DiskContent.Empty);

        // Whatever becomes of the adoption: it may die in the middle.
        world.Time.After(TimeSpan.FromSeconds(3), () => Enter(world, site, FaultKind.AdoptedSite));
        return AdoptAsync(world, site, sponsor);
    }

    private static async ValueTask AdoptAsync(World world, SimulatedSite site, SimulatedSite sponsor)
    {
        await world.StartAsync(site);
        var life = site.Life;
        try
        {
            if (site.IsUp)
            {
                await world.FirstWriteAsync(site);
            }

            if (!site.IsUp || !sponsor.IsUp)
            {
                return;
            }

            var snapshot = StateSnapshot.Decode(sponsor.Replica!.TakeSnapshot().Encode(200).ToList());
            world.Witness.StartsFrom(site, Seen.Nothing);
            world.History.Lost(world.HeldBesides(site));
            await site.Replica!.AdoptAsync(snapshot, CancellationToken.None);
            world.Witness.StartsFrom(site, world.History.Of(snapshot.Vector));
        }
        catch (StateStoreException fault)
        {
            world.StoreFailed(site, life, fault);
        }
    }
}
