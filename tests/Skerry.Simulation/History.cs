using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation;

/// <summary>
/// What was done in a run, told by the ones who did it, and the judgement over it. It shares no code with the merge: it knows only
/// which mutation was made with which others in view.
/// </summary>
internal sealed class History
{
    private readonly Dictionary<Dot, Made> _made = [];
    private readonly Dictionary<SiteId, VersionVector> _shown = [];

    public int Count => _made.Count;

    public int Acknowledged => _made.Values.Count(m => m.IsAcknowledged);

    /// <summary>A mutation is about to be made. Told before it is known whether the maker lives to see it done.</summary>
    public void Making(Dot dot, VersionVector seen, IReadOnlyList<(EntityKey Key, string? Field)> writes) =>
        _made[dot] = new Made(seen, writes, false);

    public void MadeDurably(Dot dot) => _made[dot] = _made[dot] with { IsAcknowledged = true };

    public void NotMade(Dot dot) => _made.Remove(dot);

    /// <summary>Whenever a site shows a new state: nothing may be in it without what it was made after.</summary>
    public void Shows(SiteId site, Replica replica)
    {
        var now = replica.Vector;
        var before = _shown.GetValueOrDefault(site, VersionVector.Empty);
        if (!now.CoversAll(before))
        {
            throw new SimulationException($"Site {site} showed {before} and now shows {now}: something that it showed is gone.");
        }

        foreach (var top in now)
        {
            for (var sequence = before[top.Writer] + 1; sequence <= top.Sequence; sequence++)
            {
                var dot = new Dot(top.Site, top.Incarnation, sequence);
                if (!_made.TryGetValue(dot, out var made))
                {
                    throw new SimulationException($"Site {site} shows {dot}, which nobody made.");
                }

                if (!now.CoversAll(made.Seen))
                {
                    throw new SimulationException($"Site {site} shows {dot} without something that it was made after.");
                }
            }
        }

        _shown[site] = now;
    }

    /// <summary>The end of a run in which all sites have met.</summary>
    public void Judge(IReadOnlyList<Replica> sites)
    {
        var first = sites[0];
        foreach (var site in sites)
        {
            var conflicts = site.Conflicts.Select(c => c.ToString()).ToList();
            if (!conflicts.SequenceEqual(first.Conflicts.Select(c => c.ToString())))
            {
                throw new SimulationException($"Sites {first.Site} and {site.Site} show different conflicts.");
            }

            foreach (var (dot, made) in _made)
            {
                if (made.IsAcknowledged && !site.Vector.Covers(dot))
                {
                    throw new SimulationException($"Site {site.Site} never got {dot}, which was acknowledged.");
                }
            }
        }

        // What no site has was lost with the disk that it never reached, and was never acknowledged.
        var alive = _made.Where(m => first.Vector.Covers(m.Key)).ToDictionary();
        foreach (var (dot, made) in alive)
        {
            foreach (var (key, field) in made.Writes)
            {
                if (field is not null)
                {
                    RequireNotLost(first, alive, dot, key, field);
                }
                else
                {
                    RequireNoResurrection(first, alive, dot, made, key);
                }
            }
        }
    }

    /// <summary>A value stands, or was replaced by somebody who had it in view.</summary>
    private static void RequireNotLost(Replica site, Dictionary<Dot, Made> alive, Dot dot, EntityKey key, string field)
    {
        var stands = site.Find(key)?.Standing(field).Any(v => v.Dot == dot) == true;
        if (!stands && !alive.Any(other => other.Value.Seen.Covers(dot) && other.Value.Touches(key, field)))
        {
            throw new SimulationException($"The value of {dot} in {key} {field} is gone, and nobody replaced it knowingly.");
        }
    }

    /// <summary>A delete that had all there is of an entity in view has the last word.</summary>
    private static void RequireNoResurrection(Replica site, Dictionary<Dot, Made> alive, Dot dot, Made delete, EntityKey key)
    {
        var sawAll = alive.All(other => other.Key == dot || !other.Value.Writes.Any(w => w.Key == key) || delete.Seen.Covers(other.Key));
        if (sawAll && site.Find(key) is { IsDeleted: false })
        {
            throw new SimulationException($"{key} was deleted by {dot} with everything in view, and is there again.");
        }
    }

    /// <param name="Seen">What the maker had.</param>
    /// <param name="Writes">Entities and fields; no field for a delete.</param>
    /// <param name="IsAcknowledged">Its maker was told that it is durable.</param>
    private sealed record Made(VersionVector Seen, IReadOnlyList<(EntityKey Key, string? Field)> Writes, bool IsAcknowledged)
    {
        public bool Touches(EntityKey key, string field) => Writes.Any(w => w.Key == key && (w.Field is null || w.Field == field));
    }
}

/// <summary>A promise was broken in a run.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
