using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>A value that must stand.</summary>
internal sealed record ExpectedValue(Made Made, FieldWrite Write, bool IsOutranked, bool IsKnownToDelete)
{
    public Dot Dot => Made.Dot;
}

/// <summary>What of an entity must stand, where certain mutations and no others were seen.</summary>
internal sealed class ExpectedEntity
{
    private static readonly FieldValue Existing = FieldValue.From(true);

    private ExpectedEntity(SortedDictionary<string, List<ExpectedValue>> fields) => Fields = fields;

    /// <summary>Fields with a value, each with the winner first.</summary>
    public SortedDictionary<string, List<ExpectedValue>> Fields { get; }

    public bool IsDeleted => !(Fields.TryGetValue(Entity.LifecycleField, out var lifecycle) && lifecycle[0].Write.Value == Existing);

    /// <param name="history">All writes to the entity.</param>
    /// <param name="seen">Those that count.</param>
    public static ExpectedEntity Of(IReadOnlyList<(Made Made, FieldWrite Write)> history, Seen seen)
    {
        var gone = new HashSet<(string? Field, Dot Dot)>();
        var outranked = new HashSet<(string? Field, Dot Dot)>();
        var known = new HashSet<Dot>();
        foreach (var (made, write) in history)
        {
            if (!made.IsIn(seen))
            {
                continue;
            }

            gone.UnionWith(write.IsPurge ? write.KnowsOfEntity.Select(dot => ((string?)null, dot)) : write.Replaces.Select(dot => (write.Field, dot)));
            outranked.UnionWith(write.Outranks.Select(dot => (write.Field, dot)));
            known.UnionWith(write.IsDelete ? write.KnowsOfEntity : []);
        }

        var fields = new SortedDictionary<string, List<ExpectedValue>>(StringComparer.Ordinal);
        foreach (var (made, write) in history)
        {
            if (write.Field is not { } field || !made.IsIn(seen) || gone.Contains((field, made.Dot)) || gone.Contains((null, made.Dot)))
            {
                continue;
            }

            if (!fields.TryGetValue(field, out var standing))
            {
                fields.Add(field, standing = []);
            }

            standing.Add(new ExpectedValue(
                made, write, outranked.Contains((field, made.Dot)), write.KnowsDelete || known.Contains(made.Dot)));
        }

        foreach (var standing in fields.Values)
        {
            standing.Sort(BestFirst);
        }

        return new ExpectedEntity(fields);
    }

    /// <summary>What nothing outranks, then what is sure, then by rank, stamp and dot.</summary>
    private static int BestFirst(ExpectedValue left, ExpectedValue right)
    {
        if (left.IsOutranked != right.IsOutranked)
        {
            return left.IsOutranked ? 1 : -1;
        }

        if (left.Made.IsUnsure != right.Made.IsUnsure)
        {
            return left.Made.IsUnsure == true ? 1 : -1;
        }

        if (left.Write.Rank != right.Write.Rank)
        {
            return left.Write.Rank > right.Write.Rank ? -1 : 1;
        }

        var (l, r) = (left.Made.Stamp?.Value ?? 0, right.Made.Stamp?.Value ?? 0);
        if (l != r)
        {
            return l > r ? -1 : 1;
        }

        var (a, b) = (left.Dot, right.Dot);
        return (b.Site.Value, b.Incarnation, b.Sequence).CompareTo((a.Site.Value, a.Incarnation, a.Sequence));
    }
}
