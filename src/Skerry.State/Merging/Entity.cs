using System.Text.Json.Serialization.Metadata;
using Skerry.State.Clocks;

namespace Skerry.State.Merging;

/// <summary>
/// One replicated object as a site knows it: for each field the standing values, the winner first. Immutable.
/// </summary>
/// <remarks>
/// Whether it exists is itself a field, <see cref="LifecycleField"/>, written when the object is made, deleted or restored. Values
/// without that field are what was left by updates that did not know of a purge; they count as deleted, so there is never half an
/// entity.
/// </remarks>
public sealed class Entity
{
    /// <summary>The field that holds true while the entity lives and false when it was deleted. Written only by State.</summary>
    public const string LifecycleField = "$lifecycle";

    internal Entity(EntityKey key, Register[] registers)
    {
        Key = key;
        Registers = registers;
    }

    public EntityKey Key { get; }

    public string Id => Key.Id;

    /// <summary>True when it lies in the trash.</summary>
    public bool IsDeleted => !(Find(LifecycleField) is { } lifecycle && lifecycle.Winner.Value == Existing);

    /// <summary>When it was made or restored; of a deleted entity, when it was deleted.</summary>
    public Hlc CreatedStamp => Find(LifecycleField)?.Winner.Stamp ?? Hlc.Zero;

    /// <summary>The highest stamp of its winners: when it last changed.</summary>
    public Hlc LastStamp
    {
        get
        {
            var last = Hlc.Zero;
            foreach (var register in Registers) last = Hlc.Max(last, register.Winner.Stamp);
            return last;
        }
    }

    /// <summary>Names of the fields that have a value, in ordinal order.</summary>
    public IEnumerable<string> Fields
    {
        get
        {
            foreach (var register in Registers)
            {
                if (register.Field != LifecycleField) yield return register.Field;
            }
        }
    }

    internal static FieldValue Existing { get; } = FieldValue.From(true);

    internal static FieldValue Gone { get; } = FieldValue.From(false);

    /// <summary>In ordinal order of fields, none of them empty.</summary>
    internal Register[] Registers { get; }

    /// <summary>The winning value of the field.</summary>
    public bool TryGet(string field, out FieldValue winner)
    {
        var register = Find(field);
        winner = register is { } found ? found.Winner.Value : default;
        return register is not null;
    }

    /// <summary>All standing values of the field, the winner first; empty when it has none.</summary>
    public IReadOnlyList<StandingValue> Standing(string field) => Find(field)?.Standing ?? [];

    /// <summary>True when standing values of the field differ.</summary>
    public bool IsContested(string field) => Find(field) is { IsContested: true };

    /// <summary>The text of the field; null when it is absent or JSON null.</summary>
    public string? GetString(string field) => Find(field)?.Winner.Value.AsString();

    /// <summary>The number of the field; null when it is absent or JSON null.</summary>
    public long? GetInt64(string field) => TryGetPresent(field, out var value) ? value.AsInt64() : null;

    /// <summary>The truth of the field; null when it is absent or JSON null.</summary>
    public bool? GetBoolean(string field) => TryGetPresent(field, out var value) ? value.AsBoolean() : null;

    /// <summary>The value of the field; default when it is absent or JSON null.</summary>
    public T? Get<T>(string field, JsonTypeInfo<T> type) => TryGetPresent(field, out var value) ? value.Deserialize(type) : default;

    public override string ToString() => $"{Key}{(IsDeleted ? " (deleted)" : "")}";

    internal Register? Find(string field)
    {
        foreach (var register in Registers)
        {
            if (register.Field == field) return register;
        }

        return null;
    }

    private bool TryGetPresent(string field, out FieldValue value) => TryGet(field, out value) && !value.IsNull;
}
