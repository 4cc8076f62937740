using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.State.Log;

/// <summary>What a change does to its entity.</summary>
public enum ChangeKind : byte
{
    /// <summary>Adds a value to a field in place of those that it names.</summary>
    Set = 1,

    /// <summary>Moves the entity to the trash: a value of the lifecycle field, which also names every value of the entity in view.</summary>
    Delete = 2,

    /// <summary>Takes the named values of an entity in the trash away for good, and leaves nothing in their place.</summary>
    Purge = 3,

    /// <summary>
    /// Takes closed incarnations of the maker's own site out of every vector: <see cref="Change.Seen"/> are their last mutations. The
    /// entity names the site and nothing else.
    /// </summary>
    Retire = 4,
}

/// <summary>One write of a mutation. Everything that a receiver needs to merge it is in it; it looks up no rule.</summary>
public sealed class Change
{
    public required ChangeKind Kind { get; init; }

    public required EntityKey Key { get; init; }

    /// <summary>The field; <see cref="Entity.LifecycleField"/> for a delete, empty for a purge.</summary>
    public string Field { get; init; } = "";

    public FieldValue Value { get; init; }

    /// <summary>0 for none; higher wins.</summary>
    public int Rank { get; init; }

    /// <summary>Standing values of the field that this one takes the place of.</summary>
    public IReadOnlyList<Dot> Replaces { get; init; } = [];

    /// <summary>Standing values of the field that this one outranks.</summary>
    public IReadOnlyList<Dot> Outranks { get; init; } = [];

    /// <summary>Delete, purge: the mutations whose values in this entity were in view. A batch is seen whole or not at all.</summary>
    public IReadOnlyList<Dot> Seen { get; init; } = [];

    /// <summary>Retire: <see cref="Seen"/> as a vector.</summary>
    internal VersionVector Ends => Seen.Aggregate(VersionVector.Empty, (ends, dot) => ends.With(dot));

    /// <summary>True when the writer knew that the entity was deleted.</summary>
    public bool KnowsDelete { get; init; }

    /// <summary>
    /// What was in conflict and is replaced by this write, the winner first. Carried by value, so that the history is the same
    /// wherever and in whatever order the mutations arrive.
    /// </summary>
    public IReadOnlyList<StandingValue> Settles { get; init; } = [];
}
