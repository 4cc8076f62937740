using System.Collections.Immutable;

namespace Skerry.State.Merging;

/// <summary>All entities of one kind by id. Immutable; the lists are made once, when first asked for.</summary>
internal sealed class KindTable
{
    private readonly ImmutableSortedDictionary<string, Entity> _byId;
    private Entity[]? _living;
    private Entity[]? _deleted;

    private KindTable(ImmutableSortedDictionary<string, Entity> byId) => _byId = byId;

    public static KindTable Empty { get; } = new(ImmutableSortedDictionary.Create<string, Entity>(StringComparer.Ordinal));

    public bool IsEmpty => _byId.IsEmpty;

    /// <summary>In ordinal order of ids, those in the trash included.</summary>
    public IEnumerable<Entity> All => _byId.Values;

    public IReadOnlyList<Entity> Living => _living ??= [.. _byId.Values.Where(entity => !entity.IsDeleted)];

    public IReadOnlyList<Entity> Deleted => _deleted ??= [.. _byId.Values.Where(entity => entity.IsDeleted)];

    public Entity? Find(string id) => _byId.GetValueOrDefault(id);

    internal sealed class Builder(KindTable before)
    {
        private readonly ImmutableSortedDictionary<string, Entity>.Builder _byId = before._byId.ToBuilder();
        private bool _changed;

        public Entity? Find(string id) => _byId.TryGetValue(id, out var entity) ? entity : null;

        public void Put(string id, Entity? entity)
        {
            _changed = true;
            if (entity is null) _byId.Remove(id);
            else _byId[id] = entity;
        }

        public KindTable ToTable() => _changed ? new KindTable(_byId.ToImmutable()) : before;
    }
}
