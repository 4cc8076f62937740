using Skerry.Simulation.Checking;
using Skerry.Simulation.Faults;
using Skerry.Simulation.Runs;
using Skerry.Simulation.Sites;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.Simulation.Writing;

/// <summary>The people and loops that write at sites, and tell the history what they meant.</summary>
internal sealed class SiteWriter(World world)
{
    private int _values;

    /// <summary>Writes at the site from now on, whether or not the write before is done.</summary>
    public void Keep(SimulatedSite site) => world.Time.After(world.Plan.WritePause * (2 * world.Chance.Source.NextDouble()), async () =>
    {
        if (world.IsHealing || site.IsGone)
        {
            return;
        }

        Keep(site);
        if (!site.IsUp)
        {
            return;
        }

        var life = site.Life;
        try
        {
            await WriteAsync(site, site.Replica!);
            if (life == site.Life && site.LogBytes < long.MaxValue && world.Chance.OneIn(4))
            {
                await CutLogAsync(site, site.Replica!);
            }
        }
        catch (StateStoreException fault)
        {
            world.StoreFailed(site, life, fault);
        }

        if (site.IsUp)
        {
            world.Changed(site);
        }
    });

    /// <summary>Cuts the log if it is over its bound, and holds it to that.</summary>
    public async ValueTask CutLogAsync(SimulatedSite site, Replica replica)
    {
        if (!await replica.CutLogAsync(CancellationToken.None))
        {
            return;
        }

        world.Faults.Struck(FaultKind.LogCut);
    }

    /// <summary>One mutation at the site.</summary>
    public async ValueTask WriteAsync(SimulatedSite site, Replica replica)
    {
        var deeds = Deeds(site, replica);
        var stamp = Hlc.Zero;
        var life = site.Life;
        Made? made = null;
        site.WritesUnderWay++;
        try
        {
            var dot = await replica.CommitAsync(
                transaction =>
                {
                    stamp = transaction.Now;
                    return made = Decide(site, replica, transaction, deeds, made);
                },
                new CommitOptions($"user-{site.Index}", Urgent: world.Chance.OneIn(2)),
                CancellationToken.None);
            if (made?.Dot != dot.Dot)
            {
                throw new SimulationException($"Site {site.Id} made {dot.Dot?.ToString() ?? "nothing"} where {made?.Dot.ToString() ?? "nothing"} was due.");
            }

            if (made is not null)
            {
                made.IsAcknowledged = true;
                site.LastStamp = Hlc.Max(site.LastStamp, stamp);
                if (!replica.Vector.Covers(made.Dot))
                {
                    throw new SimulationException($"Site {site.Id} acknowledged {made.Dot} and does not show it.");
                }
            }
        }
        catch (StateStoreException fault) when (fault.NothingWritten)
        {
            if (made is not null)
            {
                world.History.NotMade(made);
            }

            throw;
        }
        finally
        {
            site.WritesUnderWay -= life == site.Life ? 1 : 0;
        }
    }

    /// <summary>Takes closed incarnations out of the vectors. Only while nothing else is being written here, since it is told before which number it has.</summary>
    public async ValueTask<bool> RetireAsync(SimulatedSite site, Replica replica, IReadOnlyList<Dot> ends)
    {
        if (site.WritesUnderWay > 0)
        {
            return false;
        }

        var self = new Writer(site.Id, replica.Incarnation);
        var seen = ends.Aggregate(VersionVector.Empty, (vector, end) => vector.With(end));
        var made = world.History.Making(new Dot(self.Site, self.Incarnation, replica.Vector[self] + 1), seen, []);
        var life = site.Life;
        site.WritesUnderWay++;
        try
        {
            made.IsAcknowledged = await replica.RetireAsync(ends, "incarnations", CancellationToken.None) is not null;
            if (!made.IsAcknowledged)
            {
                world.History.NotMade(made);
            }

            return made.IsAcknowledged;
        }
        catch (StateStoreException fault) when (fault.NothingWritten)
        {
            world.History.NotMade(made);
            throw;
        }
        finally
        {
            site.WritesUnderWay -= life == site.Life ? 1 : 0;
        }
    }

    /// <summary>May run more than once; the last time counts.</summary>
    private Made? Decide(SimulatedSite site, Replica replica, ITransaction transaction, IReadOnlyList<Deed> deeds, Made? earlier)
    {
        if (earlier is not null)
        {
            world.History.NotMade(earlier);
        }

        if (transaction.Now <= site.LastStamp)
        {
            throw new SimulationException($"Site {site.Id} stamps with {transaction.Now}, which is not above its own {site.LastStamp}.");
        }

        var seen = transaction.Seen;
        var writes = new List<FieldWrite>();
        foreach (var deed in deeds)
        {
            var before = transaction.Find(deed.Key);
            world.Witness.Reads(site, deed.Key, before, seen);
            var meant = deed.Means(before, site.Schema).ToList();
            if (deed.Do(transaction))
            {
                RequireUndoubted(deed, site, seen);
                writes.AddRange(meant);
            }
        }

        if (writes.Count == 0)
        {
            return null;
        }

        var writer = new Writer(site.Id, replica.Incarnation);
        return world.History.Making(new Dot(writer.Site, writer.Incarnation, seen[writer] + 1), seen, writes);
    }

    /// <summary>Nothing is purged while something of it is in doubt.</summary>
    private void RequireUndoubted(Deed deed, SimulatedSite site, VersionVector seen)
    {
        if (deed is PurgeDeed && ExpectedConflict.Of(deed.Key, world.History.Expect(deed.Key, world.History.Of(seen)), site.Schema).FirstOrDefault() is { } conflict)
        {
            throw new SimulationException($"Site {site.Id} purged {deed.Key}, which is in conflict: {conflict}.");
        }
    }

    private List<Deed> Deeds(SimulatedSite site, Replica replica)
    {
        var chance = world.Chance;
        var deeds = new List<Deed>();
        var keys = Enumerable.Range(0, 1 + chance.Below(2)).Select(_ => new EntityKey(SimulatedSchema.Thing, $"t{chance.Below(world.Plan.Things)}")).Distinct();
        foreach (var key in keys)
        {
            switch (chance.Below(14))
            {
                case 0 or 1:
                    deeds.Add(new DeleteDeed(key));
                    break;
                case 2:
                    deeds.Add(new RestoreDeed(key));
                    break;
                case 3 when replica.Find(key) is { IsDeleted: true }:
                    deeds.Add(new PurgeDeed(key));
                    break;
                case 4 or 5 when replica.Conflicts.FirstOrDefault(c => c.Key == key && c.Field != Entity.LifecycleField) is { } conflict:
                    deeds.Add(new ResolveDeed(key, conflict.Field, NextValue(site)));
                    break;
                default:
                    deeds.Add(new SetDeed(key, [.. chance.Shuffle(SimulatedSchema.Fields).Take(1 + chance.Below(2)).Select(field => (field, NextValue(site), RankOf(site, field)))]));
                    break;
            }
        }

        return deeds;
    }

    private int RankOf(SimulatedSite site, string field) =>
        site.Schema.RuleOf(SimulatedSchema.Thing, field) is MergeRule.Owner or MergeRule.Hub ? world.Chance.Below(2) : 0;

    // Now and then the same value as somebody else's: written apart, it is no conflict.
    private FieldValue NextValue(SimulatedSite site) =>
        FieldValue.FromString(world.Chance.OneIn(8) ? "same" : $"{site.Index}-{_values++}");
}
