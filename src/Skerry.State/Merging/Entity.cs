using System.Text.Json.Serialization.Metadata;
using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>
/// One replicated object as a site knows it: for each field the standing values, the winner first. Immutable.
/// </summary>
/// <remarks>
/// <para>Whether it exists is itself a field, <see cref="LifecycleField"/>, written when the object is made, deleted or restored. Values
/// without that field are what was left by updates that did not know of a purge; they count as deleted, so there is never half an
/// entity.</para>
/// <para>It is held as its canonical bytes: one object of some hundred bytes in place of four for each field, copied as it is into a
/// snapshot and into a digest. Names and values are read out of them when asked for; a value is a part of the bytes.</para>
/// </remarks>
public sealed class Entity
{
    /// <summary>The field that holds true while the entity lives and false when it was deleted. Written only by State.</summary>
    public const string LifecycleField = "$lifecycle";

    private readonly byte[] _body;
    private readonly int _fieldsAt;

    /// <param name="key">Its name.</param>
    /// <param name="body">Bytes that <see cref="EntityBody"/> made or checked; kept.</param>
    internal Entity(EntityKey key, byte[] body)
    {
        Key = key;
        _body = body;
        _fieldsAt = FieldCursor.SkipOrigins(body);
        IsDeleted = true;
        for (var fields = new FieldCursor(body, _fieldsAt); fields.NextField();)
        {
            if (fields.Count > 1) HasSeveral = true;
            if (IsDeleted && fields.Name.SequenceEqual("$lifecycle"u8) && fields.NextValue()) IsDeleted = fields.Value != Existing;
        }
    }

    internal Entity(EntityKey key, IReadOnlyList<Register> registers)
        : this(key, EntityBody.Encode(registers, new ByteWriter()))
    {
    }

    public EntityKey Key { get; }

    public string Id => Key.Id;

    /// <summary>True when it lies in the trash.</summary>
    public bool IsDeleted { get; }

    /// <summary>When it was made or restored; of a deleted entity, when it was deleted.</summary>
    public Hlc CreatedStamp => Find(LifecycleField)?.Winner.Stamp ?? Hlc.Zero;

    /// <summary>The highest stamp of its standing values: when it last changed.</summary>
    public Hlc LastStamp
    {
        get
        {
            var last = Hlc.Zero;
            foreach (var origin in Origins) last = Hlc.Max(last, origin.Stamp);
            return last;
        }
    }

    /// <summary>Names of the fields that have a value, in ordinal order.</summary>
    public IEnumerable<string> Fields
    {
        get
        {
            for (var fields = Walk(); fields.NextField();)
            {
                var name = NameTable.Shared.Get(fields.Name);
                if (name != LifecycleField) yield return name;
            }
        }
    }

    internal static FieldValue Existing { get; } = FieldValue.From(true);

    internal static FieldValue Gone { get; } = FieldValue.From(false);

    internal ReadOnlySpan<byte> Body => _body;

    /// <summary>A field has more than one standing value.</summary>
    internal bool HasSeveral { get; }

    /// <summary>The mutations whose values stand, ascending by dot.</summary>
    internal IReadOnlyList<Origin> Origins => EntityBody.Origins(_body);

    /// <summary>In ordinal order of fields, none of them empty. Made anew at each call.</summary>
    internal Register[] Registers => EntityBody.Registers(_body, _fieldsAt);

    /// <summary>The winning value of the field.</summary>
    public bool TryGet(string field, out FieldValue winner)
    {
        var fields = Walk();
        var found = fields.Find(field) && fields.NextValue();
        winner = found ? fields.Value : default;
        return found;
    }

    /// <summary>All standing values of the field, the winner first; empty when it has none.</summary>
    public IReadOnlyList<StandingValue> Standing(string field) => Find(field)?.Standing ?? [];

    /// <summary>True when standing values of the field differ.</summary>
    public bool IsContested(string field) => HasSeveral && Find(field) is { IsContested: true };

    /// <summary>The text of the field; null when it is absent or JSON null.</summary>
    public string? GetString(string field) => TryGet(field, out var value) ? value.AsString() : null;

    /// <summary>The number of the field; null when it is absent or JSON null.</summary>
    public long? GetInt64(string field) => TryGetPresent(field, out var value) ? value.AsInt64() : null;

    /// <summary>The truth of the field; null when it is absent or JSON null.</summary>
    public bool? GetBoolean(string field) => TryGetPresent(field, out var value) ? value.AsBoolean() : null;

    /// <summary>The value of the field; default when it is absent or JSON null.</summary>
    public T? Get<T>(string field, JsonTypeInfo<T> type) => TryGetPresent(field, out var value) ? value.Deserialize(type) : default;

    public override string ToString() => $"{Key}{(IsDeleted ? " (deleted)" : "")}";

    internal Register? Find(string field)
    {
        var fields = Walk();
        return fields.Find(field) ? EntityBody.Register(field, ref fields, EntityBody.Origins(_body)) : null;
    }

    private FieldCursor Walk() => new(_body, _fieldsAt);

    private bool TryGetPresent(string field, out FieldValue value) => TryGet(field, out value) && !value.IsNull;
}
