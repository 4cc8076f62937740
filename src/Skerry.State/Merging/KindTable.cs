namespace Skerry.State.Merging;

/// <summary>All entities of one kind by id. Immutable; the lists are made once, when first asked for.</summary>
internal sealed class KindTable
{
    private Entity[]? _living;
    private Entity[]? _deleted;

    private KindTable(EntityTree tree) => Tree = tree;

    public static KindTable Empty { get; } = new(EntityTree.Empty);

    public bool IsEmpty => Tree.IsEmpty;

    public EntityTree Tree { get; }

    /// <summary>In ordinal order of ids, those in the trash included.</summary>
    public IEnumerable<Entity> All => Tree.From(null);

    public IReadOnlyList<Entity> Living => _living ??= [.. All.Where(entity => !entity.IsDeleted)];

    public IReadOnlyList<Entity> Deleted => _deleted ??= [.. All.Where(entity => entity.IsDeleted)];

    public Entity? Find(string id) => Tree.Find(id);

    /// <summary>The entities of two tables side by side, in order of ids.</summary>
    public static IEnumerable<(Entity? Left, Entity? Right)> Pairs(KindTable left, KindTable right)
    {
        using var lefts = left.All.GetEnumerator();
        using var rights = right.All.GetEnumerator();
        var one = lefts.MoveNext();
        var other = rights.MoveNext();
        while (one || other)
        {
            var order = !one ? 1 : !other ? -1 : string.CompareOrdinal(lefts.Current.Id, rights.Current.Id);
            yield return (order <= 0 ? lefts.Current : null, order >= 0 ? rights.Current : null);
            if (order <= 0) one = lefts.MoveNext();
            if (order >= 0) other = rights.MoveNext();
        }
    }

    internal sealed class Builder(KindTable before)
    {
        private readonly EntityTree.Editor _byId = new(before.Tree);
        private bool _changed;

        public Entity? Find(string id) => _byId.Find(id);

        public void Put(string id, Entity? entity)
        {
            _changed = true;
            if (entity is null) _byId.Remove(id);
            else _byId.Put(entity);
        }

        public KindTable ToTable() => _changed ? new KindTable(_byId.ToTree()) : before;
    }
}
