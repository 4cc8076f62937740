using Skerry.State.Merging;

namespace Skerry.Domain.Identity;

/// <summary>
/// Names that are unique where two sites cannot ask each other. Of entities that want one name, the one that has had it longest (by
/// the stamp of its write, then the dot) keeps it; the others go by a name that is derived, never written, so that all sites show the
/// same and a rename of either settles it. Names are compared without regard to case, as OpenStack does.
/// </summary>
internal static class UniqueNames
{
    public const string Field = "name";

    private const int SuffixDigits = 8;

    /// <summary>Whether two entities compete: those of one domain do.</summary>
    public static bool Compete(Entity left, Entity right) =>
        (left.Text("domain_id") ?? "") == (right.Text("domain_id") ?? "") && SameName(left, right);

    /// <summary>The name of one of <paramref name="all"/>.</summary>
    public static string Of(Entity entity, IEnumerable<Entity> all) =>
        all.Any(other => other.Id != entity.Id && Compete(entity, other) && IsBefore(other, entity))
            ? Derived(entity)
            : entity.Text(Field, entity.Id);

    /// <summary>The names of all, by id, at the cost of one pass.</summary>
    public static IReadOnlyDictionary<string, string> OfAll(IReadOnlyList<Entity> all)
    {
        var holders = new Dictionary<(string Domain, string Name), Entity>();
        foreach (var entity in all)
        {
            var key = (entity.Text("domain_id") ?? "", Folded(entity));
            if (!holders.TryGetValue(key, out var holder) || IsBefore(entity, holder))
            {
                holders[key] = entity;
            }
        }

        return all.ToDictionary(
            entity => entity.Id,
            entity => holders[(entity.Text("domain_id") ?? "", Folded(entity))].Id == entity.Id
                ? entity.Text(Field, entity.Id)
                : Derived(entity),
            StringComparer.Ordinal);
    }

    /// <summary>Who goes by that name among <paramref name="all"/> of <paramref name="domainId"/> (empty for kinds without domains).</summary>
    public static Entity? Find(IReadOnlyList<Entity> all, string domainId, string name)
    {
        Entity? holder = null;
        Entity? byDerivedName = null;
        foreach (var entity in all)
        {
            if ((entity.Text("domain_id") ?? "") != domainId)
            {
                continue;
            }

            if (Same(entity.Text(Field), name))
            {
                holder = holder is null || IsBefore(entity, holder) ? entity : holder;
            }
            else if (name.Length > SuffixDigits && Same(Derived(entity), name))
            {
                byDerivedName = entity;
            }
        }

        return holder ?? (byDerivedName is not null && Same(Of(byDerivedName, all), name) ? byDerivedName : null);
    }

    private static string Derived(Entity entity) =>
        $"{entity.Text(Field)}~{entity.Id[..Math.Min(SuffixDigits, entity.Id.Length)]}";

    private static bool IsBefore(Entity left, Entity right)
    {
        var one = left.Standing(Field);
        var other = right.Standing(Field);
        if (one.Count == 0 || other.Count == 0)
        {
            return one.Count > 0;
        }

        var order = one[0].Stamp.CompareTo(other[0].Stamp);
        order = order != 0 ? order : one[0].Dot.CompareTo(other[0].Dot);
        return (order != 0 ? order : string.CompareOrdinal(left.Id, right.Id)) < 0;
    }

    private static bool SameName(Entity left, Entity right) => Same(left.Text(Field), right.Text(Field));

    private static bool Same(string? left, string? right) =>
        left is not null && string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static string Folded(Entity entity) => entity.Text(Field, entity.Id).ToUpperInvariant();
}
