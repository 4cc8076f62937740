using Skerry.State.Log;

namespace Skerry.State.Merging;

/// <summary>Applies the changes of one mutation to one entity, and gives the entity after it.</summary>
/// <remarks>
/// Under causal delivery a named value has either arrived or been replaced before, so what stands in the end is every write that no
/// write has replaced: a matter of which mutations arrived, not of their order.
/// </remarks>
internal sealed class EntityEditor
{
    private readonly EntityKey _key;
    private readonly List<Register> _registers;

    /// <param name="key">The entity.</param>
    /// <param name="before">What stood of it.</param>
    /// <param name="writes">At most so many fields are added.</param>
    public EntityEditor(EntityKey key, Entity? before, int writes)
    {
        _key = key;
        var registers = before?.Registers ?? [];
        _registers = new List<Register>(registers.Length + writes);
        _registers.AddRange(registers);
    }

    public void Apply(Origin origin, Change change)
    {
        switch (change.Kind)
        {
            case ChangeKind.Set:
                Set(origin, change);
                break;
            case ChangeKind.Delete:
                Rewrite(value => change.Seen.Contains(value.Dot) ? value.With(Marks.KnownToDelete) : value);
                Set(origin, change);
                break;
            case ChangeKind.Purge:
                Rewrite(value => change.Seen.Contains(value.Dot) ? null : value);
                break;
        }
    }

    /// <summary>The entity; null when nothing of it stands.</summary>
    public Entity? ToEntity(ByteWriter scratch) => _registers.Count == 0 ? null : new Entity(_key, EntityBody.Encode(_registers, scratch));

    private void Set(Origin origin, Change change)
    {
        var written = new StandingValue(origin, change.Value, change.Rank, change.KnowsDelete ? Marks.KnownToDelete : Marks.None);
        var index = IndexOf(change.Field);
        if (index < 0)
        {
            _registers.Insert(~index, new Register(change.Field, written));
            return;
        }

        var before = _registers[index];
        if (before.Count == 1 && IsReplaced(before.Winner))
        {
            _registers[index] = new Register(before.Field, written);
            return;
        }

        var standing = new List<StandingValue>(before.Count + 1) { written };
        foreach (var value in before.Standing)
        {
            if (IsReplaced(value)) continue;
            standing.Add(change.Outranks.Contains(value.Dot) ? value.With(Marks.Outranked) : value);
        }

        standing.Sort(StandingValue.Compare);
        _registers[index] = new Register(before.Field, [.. standing]);

        // A mutation has one value for a field; of two, which only a faulty maker writes, the later one.
        bool IsReplaced(StandingValue value) => value.Dot == origin.Dot || change.Replaces.Contains(value.Dot);
    }

    private void Rewrite(Func<StandingValue, StandingValue?> rewrite)
    {
        for (var i = _registers.Count - 1; i >= 0; i--)
        {
            var register = _registers[i];
            StandingValue[] kept = [.. register.Standing.Select(rewrite).OfType<StandingValue>()];
            if (kept.Length == 0) _registers.RemoveAt(i);
            else _registers[i] = new Register(register.Field, kept);
        }
    }

    private int IndexOf(string field)
    {
        var low = 0;
        var high = _registers.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(_registers[middle].Field, field);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}
