using Skerry.Simulation.Sites;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>The end of a run in which all sites have met and show one digest.</summary>
internal sealed class Judge(History history, Witness witness)
{
    public void Require(IReadOnlyList<SimulatedSite> sites)
    {
        var seen = history.Of(sites[0].Replica!.Vector);
        RequireNothingLost(seen);
        foreach (var key in history.Entities)
        {
            witness.Reads(sites[0], key, sites[0].Replica!.Find(key), sites[0].Replica!.Vector);
            RequireNoResurrection(sites[0], key, seen);
        }

        foreach (var site in sites)
        {
            RequireNothingElse(site);
            RequireConflicts(site, seen);
            RequireSettled(site, seen);
        }
    }

    private void RequireNothingLost(Seen seen)
    {
        foreach (var made in history.All)
        {
            if (made.IsAcknowledged && !made.MayBeLost && !made.IsIn(seen))
            {
                throw new SimulationException($"{made.Dot} was acknowledged, and no site has it.");
            }
        }
    }

    /// <summary>A delete that had all there is of an entity in view has the last word, whatever it is said to name.</summary>
    private void RequireNoResurrection(SimulatedSite site, EntityKey key, Seen seen)
    {
        if (site.Replica!.Find(key) is not { IsDeleted: false })
        {
            return;
        }

        var alive = history.All.Where(made => made.IsIn(seen) && made.Writes.Any(write => write.Key == key)).ToList();
        var last = alive.FirstOrDefault(made =>
            made.Writes.Any(write => write.Key == key && write.IsDelete) && alive.All(other => other == made || other.IsIn(made.Seen)));
        if (last is not null)
        {
            throw new SimulationException($"{key} was deleted by {last.Dot} with everything in view, and is there again.");
        }
    }

    private void RequireNothingElse(SimulatedSite site)
    {
        var known = history.Entities.ToHashSet();
        foreach (var kind in known.Select(key => key.Kind).Distinct())
        {
            var odd = site.Replica!.List(kind).Concat(site.Replica.ListDeleted(kind)).FirstOrDefault(entity => !known.Contains(entity.Key));
            if (odd is not null)
            {
                throw new SimulationException($"Site {site.Id} shows {odd.Key}, which nobody made.");
            }
        }
    }

    /// <summary>Every value that lost and was not replaced knowingly is shown as a conflict, and nothing else is.</summary>
    private void RequireConflicts(SimulatedSite site, Seen seen)
    {
        var due = history.Entities.Order().SelectMany(key => ExpectedConflict.Of(key, history.Expect(key, seen), site.Schema)).Order(StringComparer.Ordinal).ToList();
        var shown = site.Replica!.Conflicts.Where(conflict => conflict.Key.Kind == SimulatedSchema.Thing).Select(ExpectedConflict.InWords).Order(StringComparer.Ordinal).ToList();
        if (!due.SequenceEqual(shown))
        {
            throw new SimulationException(
                $"Site {site.Id} shows other conflicts than there are. Not shown: {string.Join("; ", due.Except(shown))}. Shown only: {string.Join("; ", shown.Except(due))}.");
        }
    }

    /// <summary>What a settled conflict replaced can still be read.</summary>
    private void RequireSettled(SimulatedSite site, Seen seen)
    {
        var told = site.Replica!.ConflictHistory().ToDictionary(
            settled => (settled.By.Dot, settled.Key, settled.Field), settled => settled.Replaced.Select(value => value.Dot).Order().ToList());
        foreach (var made in history.All.Where(made => made.IsIn(seen)))
        {
            foreach (var write in made.Writes.Where(write => write.Settles.Count > 0))
            {
                if (!told.TryGetValue((made.Dot, write.Key, write.Field!), out var replaced) || !replaced.SequenceEqual(write.Settles.Order()))
                {
                    throw new SimulationException($"Site {site.Id} does not tell that {made.Dot} settled a conflict of {write.Key} {write.Field}.");
                }
            }
        }
    }
}
