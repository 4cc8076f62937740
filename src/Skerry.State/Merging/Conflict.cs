namespace Skerry.State.Merging;

/// <summary>What stands against what.</summary>
public enum ConflictKind
{
    /// <summary>Different values of one field.</summary>
    Values,

    /// <summary>A delete, and an update that it did not know; the entity is deleted and the update kept.</summary>
    UpdateOfDeleted,

    /// <summary>A delete, and a creation or restore that it did not know.</summary>
    Lifecycle,
}

/// <summary>Writes to one field, or an update and a delete, neither of which had seen the other. Derived from state.</summary>
/// <param name="Winner">What is shown; null when the entity was purged and nothing won.</param>
/// <param name="Losers">What is kept, best first; never empty.</param>
public sealed record Conflict(
    EntityKey Key, string Field, ConflictKind Kind, MergeRule Rule, StandingValue? Winner, IReadOnlyList<StandingValue> Losers)
{
    /// <summary>The same at all sites: entity and field.</summary>
    public string Id => $"{Key}/{Field}";

    /// <summary>Whether there is any conflict in an entity; at no cost for one that lives and was never written apart.</summary>
    internal static bool IsIn(Entity entity, StateSchema schema) =>
        (entity.HasSeveral || entity.IsDeleted) && Of(entity, schema).Any();

    /// <summary>What stands against what in an entity, in order of fields.</summary>
    internal static IEnumerable<Conflict> Of(Entity entity, StateSchema schema)
    {
        var deleted = entity.IsDeleted;
        foreach (var register in entity.Registers)
        {
            var conflict = register.Field == Entity.LifecycleField ? OfLifecycle(entity, register)
                : deleted ? OfDeleted(entity, register, schema)
                : OfValues(entity, register, schema);
            if (conflict is not null) yield return conflict;
        }
    }

    private static Conflict? OfLifecycle(Entity entity, Register register) => !register.IsContested ? null
        : new Conflict(entity.Key, register.Field, ConflictKind.Lifecycle, MergeRule.Latest, register.Winner, Differing(register));

    private static Conflict? OfValues(Entity entity, Register register, StateSchema schema) => !register.IsContested ? null
        : new Conflict(entity.Key, register.Field, ConflictKind.Values, schema.RuleOf(entity.Key.Kind, register.Field), register.Winner, Differing(register));

    private static Conflict? OfDeleted(Entity entity, Register register, StateSchema schema)
    {
        if (schema.UseOf(entity.Key.Kind, register.Field) != FieldUse.Desired) return null;
        if (schema.OnDelete(entity.Key.Kind) is DeleteRule.Stays or DeleteRule.Clears) return null;
        var unknown = register.Standing.Where(value => !value.IsKnownToDelete).ToArray();
        return unknown.Length == 0 ? null
            : new Conflict(
                entity.Key, register.Field, ConflictKind.UpdateOfDeleted, schema.RuleOf(entity.Key.Kind, register.Field),
                entity.Find(Entity.LifecycleField)?.Winner, unknown);
    }

    private static StandingValue[] Differing(Register register) =>
        register.Standing.Where(value => value.Value != register.Winner.Value).ToArray();
}

/// <summary>A conflict that a later write settled, having had all sides in view. Kept for a bounded time.</summary>
/// <param name="Replaced">What stood until then, the winner of that time first.</param>
/// <param name="By">The write that settled it, with the value that it set.</param>
public sealed record SettledConflict(EntityKey Key, string Field, IReadOnlyList<StandingValue> Replaced, StandingValue By) : IComparable<SettledConflict>
{
    /// <summary>By time, then dot, entity and field.</summary>
    public int CompareTo(SettledConflict? other)
    {
        if (other is null) return 1;
        var order = By.Stamp.CompareTo(other.By.Stamp);
        if (order == 0) order = By.Dot.CompareTo(other.By.Dot);
        if (order == 0) order = Key.CompareTo(other.Key);
        return order != 0 ? order : string.CompareOrdinal(Field, other.Field);
    }

    public static bool operator <(SettledConflict left, SettledConflict right) => left.CompareTo(right) < 0;
    public static bool operator >(SettledConflict left, SettledConflict right) => left.CompareTo(right) > 0;
    public static bool operator <=(SettledConflict left, SettledConflict right) => left.CompareTo(right) <= 0;
    public static bool operator >=(SettledConflict left, SettledConflict right) => left.CompareTo(right) >= 0;
}
