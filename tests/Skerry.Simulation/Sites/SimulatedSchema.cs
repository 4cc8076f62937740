using Skerry.Domain;
using Skerry.State.Merging;

namespace Skerry.Simulation.Sites;

/// <summary>The fields that are written in a run: at least one of each rule.</summary>
internal static class SimulatedSchema
{
    public const string Thing = "thing";

    public static IReadOnlyList<string> Fields { get; } = ["name", "size", "owned", "held", "ruled", "seen"];

    public static StateSchema Current { get; } = new(
    [
        new FieldRule(Thing, "owned", MergeRule.Owner),
        new FieldRule(Thing, "held", MergeRule.Hold),
        new FieldRule(Thing, "ruled", MergeRule.Hub),
        new FieldRule(Thing, "seen", MergeRule.Latest, FieldUse.Observed),
        .. Domain,
    ]);

    /// <summary>A version that knows less: what it does not know it settles by the latest, and takes for desired.</summary>
    public static StateSchema Old { get; } = new([new FieldRule(Thing, "owned", MergeRule.Owner), .. Domain]);

    /// <summary>What the reconcilers of the domain write.</summary>
    private static IEnumerable<FieldRule> Domain => DomainSchema.Kinds.SelectMany(kind =>
        kind.Fields.SelectMany(row => row.Names.Select(name => new FieldRule(kind.Kind, name, row.Rule, row.Use))));
}
