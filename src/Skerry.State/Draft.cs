using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>What one transaction does to one entity. Later writes take the place of earlier ones of the same transaction.</summary>
internal sealed class Draft(EntityKey key, Entity? before)
{
    private readonly Dictionary<string, Write> _writes = [];
    private Existence _existence = Existence.Unchanged;
    private int _rankOfDelete;
    private Entity? _preview;
    private bool _previewIsStale = true;

    private enum Existence
    {
        Unchanged,
        Living,
        Deleted,
        Purged,
    }

    public EntityKey Key => key;

    public Entity? Before => before;

    public void Set(string field, FieldValue value, int rank, bool holds)
    {
        if (before is null && _existence != Existence.Living) Become(Existence.Living);
        _writes[field] = new Write(value, rank, holds);
        _previewIsStale = true;
    }

    public void Delete(int rank)
    {
        _rankOfDelete = rank;
        Become(Existence.Deleted);
    }

    public void Restore() => Become(Existence.Living);

    public void Purge() => Become(Existence.Purged);

    /// <summary>The entity as it will be.</summary>
    public Entity? Preview(Origin origin)
    {
        if (!_previewIsStale) return _preview;
        var changes = new List<Change>();
        AddTo(changes);
        var editor = new EntityEditor(key, before, changes.Count);
        foreach (var change in changes) editor.Apply(origin, change);
        _preview = editor.ToEntity(new ByteWriter());
        _previewIsStale = false;
        return _preview;
    }

    public void AddTo(List<Change> changes)
    {
        // Made and deleted in one transaction: nobody ever saw it.
        if (before is null && _existence != Existence.Living) return;
        var deleted = _existence == Existence.Deleted || (_existence == Existence.Unchanged && before is { IsDeleted: true });
        if (_existence == Existence.Purged)
        {
            changes.Add(new Change { Kind = ChangeKind.Purge, Key = key, Seen = DotsInView() });
            return;
        }

        if (_existence == Existence.Living) changes.Add(Change(Entity.LifecycleField, new Write(Entity.Existing, 0, Holds: false), knowsDelete: false));
        foreach (var (field, write) in _writes) changes.Add(Change(field, write, deleted));
        if (_existence != Existence.Deleted) return;
        var (replaces, _, settles) = InView(Entity.LifecycleField, holds: false);
        changes.Add(new Change
        {
            Kind = ChangeKind.Delete,
            Key = key,
            Field = Entity.LifecycleField,
            Value = Entity.Gone,
            Rank = _rankOfDelete,
            Replaces = replaces,
            Settles = settles,
            Seen = DotsInView(),
        });
    }

    private void Become(Existence existence)
    {
        _existence = existence;
        _previewIsStale = true;
    }

    private Change Change(string field, Write write, bool knowsDelete)
    {
        var (replaces, outranks, settles) = InView(field, write.Holds);
        return new Change
        {
            Kind = ChangeKind.Set,
            Key = key,
            Field = field,
            Value = write.Value,
            Rank = write.Rank,
            KnowsDelete = knowsDelete,
            Replaces = replaces,
            Outranks = outranks,
            Settles = settles,
        };
    }

    /// <summary>Every standing value is named: replaced, or under `hold` outranked unless it is the winner.</summary>
    private (Dot[] Replaces, Dot[] Outranks, IReadOnlyList<StandingValue> Settles) InView(string field, bool holds)
    {
        if (before?.Find(field) is not { } register) return ([], [], []);
        if (register.Count == 1) return ([register.Winner.Dot], [], []);
        var standing = register.Standing;
        if (holds) return ([register.Winner.Dot], [.. standing.Skip(1).Where(value => !value.IsOutranked).Select(value => value.Dot)], []);
        return ([.. standing.Select(value => value.Dot)], [], register.IsContested ? standing : []);
    }

    private Dot[] DotsInView() => before is null ? [] : [.. before.Origins.Select(origin => origin.Dot)];

    private sealed record Write(FieldValue Value, int Rank, bool Holds);
}
