using System.Collections.Frozen;

namespace Skerry.State.Merging;

/// <summary>The rule of one field.</summary>
public sealed record FieldRule(string Kind, string Field, MergeRule Rule, FieldUse Use = FieldUse.Desired);

/// <summary>
/// The rules of all fields, declared in one table. A field that is not in it is desired and settled by
/// <see cref="MergeRule.Latest"/>, so that kinds and fields of a newer version are kept and passed on.
/// </summary>
/// <remarks>Only the writer consults it for merging (what it replaces or outranks is carried by the write), so sites with different
/// tables still converge. Which conflicts are shown depends on the local table.</remarks>
public sealed class StateSchema
{
    private readonly FrozenDictionary<(string Kind, string Field), FieldRule> _rules;

    /// <exception cref="ArgumentException">A field has two rules.</exception>
    public StateSchema(IEnumerable<FieldRule> rules) => _rules = rules.ToFrozenDictionary(rule => (rule.Kind, rule.Field));

    public static StateSchema Default { get; } = new([]);

    public MergeRule RuleOf(string kind, string field) => _rules.TryGetValue((kind, field), out var rule) ? rule.Rule : MergeRule.Latest;

    public FieldUse UseOf(string kind, string field) => _rules.TryGetValue((kind, field), out var rule) ? rule.Use : FieldUse.Desired;
}
