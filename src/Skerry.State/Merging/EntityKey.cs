namespace Skerry.State.Merging;

/// <summary>Names one replicated object: its kind and its id within the kind. Ordered by kind, then id, ordinally.</summary>
public readonly record struct EntityKey(string Kind, string Id) : IComparable<EntityKey>
{
    public int CompareTo(EntityKey other)
    {
        var byKind = string.CompareOrdinal(Kind, other.Kind);
        return byKind != 0 ? byKind : string.CompareOrdinal(Id, other.Id);
    }

    public override string ToString() => $"{Kind}/{Id}";

    public static bool operator <(EntityKey left, EntityKey right) => left.CompareTo(right) < 0;
    public static bool operator >(EntityKey left, EntityKey right) => left.CompareTo(right) > 0;
    public static bool operator <=(EntityKey left, EntityKey right) => left.CompareTo(right) <= 0;
    public static bool operator >=(EntityKey left, EntityKey right) => left.CompareTo(right) >= 0;
}
