using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Simulation.Checking;

/// <summary>What one write of a mutation does, as the design has it and its maker meant it.</summary>
internal sealed record FieldWrite
{
    public required EntityKey Key { get; init; }

    /// <summary>Null for a purge, which has no field.</summary>
    public string? Field { get; init; }

    public FieldValue Value { get; init; }

    public int Rank { get; init; }

    /// <summary>Values of the field that it takes the place of.</summary>
    public IReadOnlyList<Dot> Replaces { get; init; } = [];

    /// <summary>Values of the field that stand and compete no more.</summary>
    public IReadOnlyList<Dot> Outranks { get; init; } = [];

    /// <summary>A delete: the values of the entity that it knew. A purge: those that it takes away.</summary>
    public IReadOnlyList<Dot> KnowsOfEntity { get; init; } = [];

    public bool IsDelete { get; init; }

    /// <summary>Its maker knew that the entity was deleted.</summary>
    public bool KnowsDelete { get; init; }

    /// <summary>It settles a conflict of these; none when there was no conflict.</summary>
    public IReadOnlyList<Dot> Settles { get; init; } = [];

    public bool IsPurge => Field is null;
}
