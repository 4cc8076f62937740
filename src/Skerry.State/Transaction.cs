using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>Collects the writes of one decision over one state, and makes them one mutation.</summary>
internal sealed class Transaction(ReplicaState state, StateSchema schema, ReplicaLimits limits, Origin origin) : ITransaction
{
    private readonly Dictionary<EntityKey, Draft> _drafts = [];
    private readonly List<Draft> _inOrder = [];

    public Hlc Now => origin.Stamp;

    public VersionVector Seen => state.Vector;

    public Entity? Find(EntityKey key) => _drafts.TryGetValue(key, out var draft) ? draft.Preview(origin) : state.Find(key);

    public IReadOnlyList<Entity> List(string kind) => Overlay(kind, state.Table(kind).Living, deleted: false);

    public IReadOnlyList<Entity> ListDeleted(string kind) => Overlay(kind, state.Table(kind).Deleted, deleted: true);

    public void Set(EntityKey key, string field, FieldValue value, int rank = 0) =>
        Write(key, field, value, rank, schema.RuleOf(key.Kind, field) == MergeRule.Hold);

    public void Resolve(EntityKey key, string field, FieldValue value, int rank = 0) => Write(key, field, value, rank, holds: false);

    public void Delete(EntityKey key)
    {
        if (Find(key) is not null) Draft(key).Delete(schema.RankOfDelete(key.Kind));
    }

    public void Restore(EntityKey key)
    {
        if (Find(key) is not { } entity) throw new InvalidOperationException($"There is no {key} to restore.");
        if (entity.IsDeleted || entity.IsContested(Entity.LifecycleField)) Draft(key).Restore();
    }

    public void Purge(EntityKey key)
    {
        if (state.Find(key) is not { IsDeleted: true } entity || _drafts.ContainsKey(key))
        {
            throw new InvalidOperationException($"{key} is not in the trash; delete it first, in a transaction of its own.");
        }

        if (Conflict.Of(entity, schema).FirstOrDefault() is { } conflict)
        {
            throw new InvalidOperationException($"{key} cannot be purged while {conflict.Field} is in conflict; delete it again or restore it.");
        }

        Draft(key).Purge();
    }

    public void Discard()
    {
        _drafts.Clear();
        _inOrder.Clear();
    }

    /// <summary>The changes that were decided; none when nothing was written. The highest stamp that they name goes to <paramref name="above"/>.</summary>
    public List<Change> ToChanges(out Hlc above)
    {
        var changes = new List<Change>();
        above = Hlc.Zero;
        foreach (var draft in _inOrder)
        {
            draft.AddTo(changes);
            above = Hlc.Max(above, draft.Before?.LastStamp ?? Hlc.Zero);
        }

        return changes;
    }

    private void Write(EntityKey key, string field, FieldValue value, int rank, bool holds)
    {
        limits.Check(key, field, value);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        rank = schema.RankOf(key.Kind, field, value, rank);
        if (!schema.Declares(key.Kind, field) && Find(key)?.Find(field) is null)
        {
            throw new ArgumentException($"{key.Kind}.{field} is not in the table of merge rules; say there how it is settled.", nameof(field));
        }

        if (rank > 0 && schema.RuleOf(key.Kind, field) is not (MergeRule.Hub or MergeRule.Owner or MergeRule.Strict))
        {
            throw new ArgumentException($"{key.Kind}.{field} is settled by {schema.RuleOf(key.Kind, field)}, which knows no rank.", nameof(rank));
        }

        Draft(key).Set(field, value, rank, holds);
    }

    private Draft Draft(EntityKey key)
    {
        if (_drafts.TryGetValue(key, out var draft)) return draft;
        draft = new Draft(key, state.Find(key));
        _drafts.Add(key, draft);
        _inOrder.Add(draft);
        return draft;
    }

    private IReadOnlyList<Entity> Overlay(string kind, IReadOnlyList<Entity> stored, bool deleted)
    {
        if (!_inOrder.Exists(draft => draft.Key.Kind == kind)) return stored;
        var merged = new SortedDictionary<string, Entity>(StringComparer.Ordinal);
        foreach (var entity in stored) merged.Add(entity.Id, entity);
        foreach (var draft in _inOrder)
        {
            if (draft.Key.Kind != kind) continue;
            merged.Remove(draft.Key.Id);
            if (draft.Preview(origin) is { } entity && entity.IsDeleted == deleted) merged.Add(entity.Id, entity);
        }

        return [.. merged.Values];
    }
}
