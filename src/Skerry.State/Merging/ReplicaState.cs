using System.Collections.Immutable;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Trust;

namespace Skerry.State.Merging;

/// <summary>The whole state of a site at one point of its log. Immutable, so a reader's view and a snapshot are a reference.</summary>
internal sealed class ReplicaState
{
    public static ReplicaState Empty { get; } = new(
        ImmutableSortedDictionary.Create<string, KindTable>(StringComparer.Ordinal), VersionVector.Empty, [], [], []);

    private ReplicaState(
        ImmutableSortedDictionary<string, KindTable> kinds, VersionVector vector, ImmutableSortedSet<EntityKey> contested,
        ImmutableSortedSet<SettledConflict> history, ImmutableList<RefusedChange> refused)
    {
        Kinds = kinds;
        Vector = vector;
        Contested = contested;
        History = history;
        Refused = refused;
    }

    public ImmutableSortedDictionary<string, KindTable> Kinds { get; }

    public VersionVector Vector { get; }

    /// <summary>Closed incarnations that every member has whole, with their last sequence numbers; what the vector need not name.</summary>
    public VersionVector Retired => Vector.Retired;

    /// <summary>Entities with at least one conflict.</summary>
    public ImmutableSortedSet<EntityKey> Contested { get; }

    /// <summary>By age; not part of what sites compare, since each site forgets by its own clock.</summary>
    public ImmutableSortedSet<SettledConflict> History { get; }

    /// <summary>The last changes that their makers were not allowed to make, in order of arrival; not part of what sites compare.</summary>
    public ImmutableList<RefusedChange> Refused { get; }

    public Entity? Find(EntityKey key) => Kinds.TryGetValue(key.Kind, out var table) ? table.Find(key.Id) : null;

    public KindTable Table(string kind) => Kinds.GetValueOrDefault(kind, KindTable.Empty);

    public ReplicaState Apply(IEnumerable<Mutation> mutations, StateSchema schema)
    {
        var builder = new Builder(this, schema);
        foreach (var mutation in mutations) builder.Apply(mutation);
        return builder.ToState();
    }

    /// <summary>The state of a site that has seen what either has seen.</summary>
    public ReplicaState Join(ReplicaState other, StateSchema schema)
    {
        var builder = new Builder(this, schema);
        foreach (var kind in Kinds.Keys.Union(other.Kinds.Keys, StringComparer.Ordinal))
        {
            foreach (var (mine, theirs) in KindTable.Pairs(Table(kind), other.Table(kind)))
            {
                var key = (mine ?? theirs)!.Key;
                var joined = Joining.Join(key, mine, Vector, theirs, other.Vector);
                if (!ReferenceEquals(joined, mine)) builder.Put(key, joined);
            }
        }

        builder.Cover(other.Vector);
        foreach (var settled in other.History) builder.Remember(settled);
        return builder.ToState();
    }

    /// <summary>Forgets settled conflicts older than the stamp.</summary>
    public ReplicaState ForgetHistoryBefore(Hlc stamp)
    {
        var history = History;
        while (history.Count > 0 && history[0].By.Stamp < stamp) history = history.Remove(history[0]);
        return ReferenceEquals(history, History) ? this : new ReplicaState(Kinds, Vector, Contested, history, Refused);
    }

    public IEnumerable<Entity> Entities() => Kinds.Values.SelectMany(table => table.All);

    /// <summary>Takes a batch of changes at the cost of what it touches.</summary>
    internal sealed class Builder(ReplicaState before, StateSchema schema)
    {
        private const int MostRefusedKept = 256;

        private readonly Dictionary<string, KindTable.Builder> _kinds = new(StringComparer.Ordinal);
        private ImmutableSortedSet<EntityKey> _contested = before.Contested;
        private ImmutableSortedSet<SettledConflict> _history = before.History;
        private ImmutableList<RefusedChange> _refused = before.Refused;
        private readonly ByteWriter _scratch = new();

        public VersionVector Vector { get; private set; } = before.Vector;

        public Entity? Find(EntityKey key) => Kind(key.Kind).Find(key.Id);

        public void Apply(Mutation mutation)
        {
            var changes = Allowed(mutation);
            for (var i = 0; i < changes.Count;)
            {
                if (changes[i].Kind == ChangeKind.Retire)
                {
                    Retire(changes[i++].Ends);
                    continue;
                }

                var key = changes[i].Key;
                var end = i + 1;
                while (end < changes.Count && changes[end].Key == key && changes[end].Kind != ChangeKind.Retire) end++;
                Put(key, After(key, mutation.Origin, changes, i, end));
                for (; i < end; i++)
                {
                    if (changes[i].Settles.Count > 0) Remember(Settled(mutation.Origin, changes[i]));
                }
            }

            Vector = Vector.With(mutation.Dot);
        }

        /// <summary>What its maker may make of it, which is nearly always all.</summary>
        private IReadOnlyList<Change> Allowed(Mutation mutation)
        {
            var changes = mutation.Changes;
            if (!schema.HasAuthorities || changes.All(change => schema.MayWrite(mutation.Dot.Site, change))) return changes;
            foreach (var change in changes.Where(change => !schema.MayWrite(mutation.Dot.Site, change)))
            {
                if (_refused.Count >= MostRefusedKept) _refused = _refused.RemoveAt(0);
                _refused = _refused.Add(new RefusedChange(mutation.Dot, mutation.Stamp, mutation.Author, change.Key, change.Field));
            }

            return [.. changes.Where(change => schema.MayWrite(mutation.Dot.Site, change))];
        }

        /// <summary>The entity after changes of one mutation.</summary>
        private Entity? After(EntityKey key, Origin origin, IReadOnlyList<Change> changes, int from, int to)
        {
            var entity = Find(key);
            if (entity is null && NewEntity.TryEncode(origin, changes, from, to, _scratch) is { } body) return new Entity(key, body);
            var editor = new EntityEditor(key, entity, to - from);
            for (var i = from; i < to; i++) editor.Apply(origin, changes[i]);
            return editor.ToEntity(_scratch);
        }

        public void Put(EntityKey key, Entity? entity)
        {
            Kind(key.Kind).Put(key.Id, entity);
            var contested = entity is not null && Conflict.IsIn(entity, schema);
            if (contested) _contested = _contested.Add(key);
            else if (_contested.Count > 0) _contested = _contested.Remove(key);
        }

        public void Cover(VersionVector vector) => Vector = Vector.Merge(vector);

        public void Retire(VersionVector ends) => Vector = Vector.Retire(ends);

        public void Remember(SettledConflict settled) => _history = _history.Add(settled);

        public ReplicaState ToState()
        {
            var kinds = before.Kinds;
            foreach (var (kind, builder) in _kinds)
            {
                var table = builder.ToTable();
                kinds = table.IsEmpty ? kinds.Remove(kind) : kinds.SetItem(kind, table);
            }

            return new ReplicaState(kinds, Vector, _contested, _history, _refused);
        }

        /// <summary>The value is copied: what is remembered for months is not to hold the bytes of a whole mutation.</summary>
        private static SettledConflict Settled(Origin origin, Change change) =>
            new(change.Key, change.Field, change.Settles, new StandingValue(origin, new FieldValue(change.Value.Bytes.ToArray()), change.Rank, Marks.None));

        private KindTable.Builder Kind(string kind)
        {
            if (!_kinds.TryGetValue(kind, out var builder)) _kinds.Add(kind, builder = new KindTable.Builder(before.Table(kind)));
            return builder;
        }
    }
}
