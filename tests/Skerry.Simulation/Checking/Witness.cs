using Skerry.Simulation.Sites;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>Looks at what sites show while a run goes on.</summary>
internal sealed class Witness(History history)
{
    private readonly Dictionary<int, (VersionVector Vector, Seen Seen)> _shown = [];

    /// <summary>What the site last showed.</summary>
    public Seen Shown(SimulatedSite site) => _shown.TryGetValue(site.Index, out var shown) ? shown.Seen : Seen.Nothing;

    /// <summary>Its disk is another one now, with at least this on it.</summary>
    public void StartsFrom(SimulatedSite site, Seen seen) => _shown[site.Index] = (VersionVector.Empty, seen);

    /// <summary>Whenever a site shows a new state: nothing that it showed may be gone, and nothing be there without what it was made after.</summary>
    public void Shows(SimulatedSite site)
    {
        var vector = site.Replica!.Vector;
        var before = _shown.TryGetValue(site.Index, out var shown) ? shown.Seen : Seen.Nothing;
        if (ReferenceEquals(vector, shown.Vector))
        {
            return;
        }

        var now = history.Of(vector);
        if (!now.CoversAll(before))
        {
            throw new SimulationException($"Site {site.Id} shows {vector}: something that it showed before is gone.");
        }

        foreach (var top in vector.Concat(vector.Retired))
        {
            for (var sequence = top.Sequence; sequence > 0; sequence--)
            {
                if (before.Covers(history.NumberOf(top.Writer), sequence))
                {
                    break;
                }

                if (history.Find(new Dot(top.Site, top.Incarnation, sequence)) is not { } made)
                {
                    if (history.IsWhole)
                    {
                        throw new SimulationException($"Site {site.Id} shows number {sequence} of {top.Writer}, which nobody made.");
                    }

                    continue;
                }

                if (!now.CoversAll(made.Seen))
                {
                    throw new SimulationException($"Site {site.Id} shows {made.Dot} without something that it was made after.");
                }
            }
        }

        _shown[site.Index] = (vector, now);
    }

    /// <summary>What is shown of an entity must be what follows from the mutations that the site says it has.</summary>
    public void Reads(SimulatedSite site, EntityKey key, Entity? entity, VersionVector vector)
    {
        foreach (var field in FieldsOf(entity))
        {
            foreach (var value in entity!.Standing(field))
            {
                history.Sighted(value);
            }
        }

        var expected = history.Expect(key, history.Of(vector));
        var fields = FieldsOf(entity).ToList();
        var missing = expected.Fields.Keys.Except(fields).FirstOrDefault();
        if (missing is not null)
        {
            throw new SimulationException($"Site {site.Id} shows nothing of {key} {missing}, where {InWords(expected.Fields[missing])} must stand.");
        }

        foreach (var field in fields)
        {
            var shown = string.Join(", ", entity!.Standing(field).Select(InWords));
            var due = expected.Fields.TryGetValue(field, out var standing) ? InWords(standing) : "nothing";
            if (shown != due)
            {
                throw new SimulationException($"Site {site.Id} shows of {key} {field} {shown}, and must show {due}.");
            }
        }
    }

    private static IEnumerable<string> FieldsOf(Entity? entity) => entity is null ? []
        : entity.Standing(Entity.LifecycleField).Count > 0 ? entity.Fields.Prepend(Entity.LifecycleField) : entity.Fields;

    private static string InWords(List<ExpectedValue> standing) => string.Join(", ", standing.Select(value =>
        InWords(value.Dot, value.Write.Value, value.Write.Rank, value.IsOutranked, value.IsKnownToDelete)));

    private static string InWords(StandingValue value) => InWords(value.Dot, value.Value, value.Rank, value.IsOutranked, value.IsKnownToDelete);

    private static string InWords(Dot dot, FieldValue value, int rank, bool isOutranked, bool isKnownToDelete) =>
        $"{value} by {dot}{(rank > 0 ? $" of rank {rank}" : "")}{(isOutranked ? " (outranked)" : "")}{(isKnownToDelete ? " (known to delete)" : "")}";
}
