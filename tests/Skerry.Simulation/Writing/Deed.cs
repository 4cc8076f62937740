using Skerry.Simulation.Checking;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Writing;

/// <summary>Something that somebody does to one entity, and what the design says must come of it.</summary>
internal abstract record Deed(EntityKey Key)
{
    /// <summary>False when there is nothing to do, and nothing was done.</summary>
    public abstract bool Do(ITransaction transaction);

    /// <summary>The writes that it means.</summary>
    /// <param name="before">The entity as the doer sees it.</param>
    /// <param name="schema">The rules as the doer's version has them.</param>
    public abstract IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema);

    protected FieldWrite Writes(Entity? before, string field, FieldValue value, int rank, bool holds, bool knowsDelete)
    {
        var standing = before?.Standing(field) ?? [];
        var isHeld = holds && standing.Count > 1;
        var isContested = standing.Any(other => other.Value != standing[0].Value);
        return new FieldWrite
        {
            Key = Key,
            Field = field,
            Value = value,
            Rank = rank,
            KnowsDelete = knowsDelete,
            Replaces = Dots(isHeld ? standing.Take(1) : standing),
            Outranks = Dots(isHeld ? standing.Skip(1) : []),
            Settles = Dots(!isHeld && isContested ? standing : []),
        };
    }

    protected static Dot[] Dots(IEnumerable<StandingValue> values) => [.. values.Select(value => value.Dot)];

    protected static Dot[] AllOf(Entity before) =>
        [.. before.Fields.Append(Entity.LifecycleField).SelectMany(field => Dots(before.Standing(field))).Distinct()];
}

/// <summary>Writes fields, and makes the entity if there is none.</summary>
internal sealed record SetDeed(EntityKey Key, IReadOnlyList<(string Field, FieldValue Value, int Rank)> Fields) : Deed(Key)
{
    public override bool Do(ITransaction transaction)
    {
        foreach (var (field, value, rank) in Fields)
        {
            transaction.Set(Key, field, value, rank);
        }

        return true;
    }

    public override IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema)
    {
        if (before is null)
        {
            yield return Writes(null, Entity.LifecycleField, FieldValue.From(true), 0, holds: false, knowsDelete: false);
        }

        foreach (var (field, value, rank) in Fields)
        {
            yield return Writes(before, field, value, rank, schema.RuleOf(Key.Kind, field) == MergeRule.Hold, before is { IsDeleted: true });
        }
    }
}

/// <summary>Settles a field.</summary>
internal sealed record ResolveDeed(EntityKey Key, string Field, FieldValue Value) : Deed(Key)
{
    public override bool Do(ITransaction transaction)
    {
        if (transaction.Find(Key) is null)
        {
            return false;
        }

        transaction.Resolve(Key, Field, Value);
        return true;
    }

    public override IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema) =>
        before is null ? [] : [Writes(before, Field, Value, 0, holds: false, before.IsDeleted)];
}

internal sealed record DeleteDeed(EntityKey Key) : Deed(Key)
{
    public override bool Do(ITransaction transaction)
    {
        transaction.Delete(Key);
        return true;
    }

    public override IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema) => before is null ? []
        : [Writes(before, Entity.LifecycleField, FieldValue.From(false), 0, holds: false, knowsDelete: false) with { IsDelete = true, KnowsOfEntity = AllOf(before) }];
}

internal sealed record RestoreDeed(EntityKey Key) : Deed(Key)
{
    public override bool Do(ITransaction transaction)
    {
        if (transaction.Find(Key) is null)
        {
            return false;
        }

        transaction.Restore(Key);
        return true;
    }

    public override IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema)
    {
        if (before is null || (!before.IsDeleted && !before.IsContested(Entity.LifecycleField)))
        {
            return [];
        }

        return [Writes(before, Entity.LifecycleField, FieldValue.From(true), 0, holds: false, knowsDelete: false)];
    }
}

/// <summary>Takes an entity out of the trash for good, if nothing of it is in doubt.</summary>
internal sealed record PurgeDeed(EntityKey Key) : Deed(Key)
{
    public override bool Do(ITransaction transaction)
    {
        try
        {
            transaction.Purge(Key);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Not in the trash, or in conflict.
            return false;
        }
    }

    public override IEnumerable<FieldWrite> Means(Entity? before, StateSchema schema) =>
        before is null ? [] : [new FieldWrite { Key = Key, KnowsOfEntity = AllOf(before) }];
}
