using System.Collections.Frozen;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Trust;

namespace Skerry.State.Merging;

/// <summary>The rule of one field.</summary>
public sealed record FieldRule(string Kind, string Field, MergeRule Rule, FieldUse Use = FieldUse.Desired);

/// <summary>The rules of one kind: what it is, what a delete of it does, and its fields.</summary>
/// <param name="Kind">Its word.</param>
/// <param name="OnDelete">What a delete does beside updates that it did not know.</param>
/// <param name="Fields">Its fields.</param>
/// <param name="MayWrite">Who may write what; null: whoever is a member.</param>
public sealed record KindRule(string Kind, DeleteRule OnDelete, IReadOnlyList<FieldRule> Fields, Authority? MayWrite = null);

/// <summary>
/// The rules of all kinds and fields, declared in one table. A kind that is not in it, and what a newer version adds to one that is, is
/// desired, settled by <see cref="MergeRule.Latest"/>, and deleted by <see cref="DeleteRule.Wins"/>, so that it is kept and passed on.
/// </summary>
/// <remarks>Only the writer consults it for merging (what it replaces or outranks is carried by the write), so sites with different
/// tables still converge. Which conflicts are shown depends on the local table.</remarks>
public sealed class StateSchema
{
    /// <summary>The rank of a write that is to win over those without one.</summary>
    internal const int WinningRank = 1;

    private readonly FrozenDictionary<(string Kind, string Field), FieldRule> _rules;
    private readonly FrozenDictionary<string, DeleteRule> _kinds;
    private readonly FrozenDictionary<string, Authority> _authorities;

    /// <exception cref="ArgumentException">A field has two rules.</exception>
    public StateSchema(IEnumerable<FieldRule> rules)
    {
        _rules = rules.ToFrozenDictionary(rule => (rule.Kind, rule.Field));
        _kinds = FrozenDictionary<string, DeleteRule>.Empty;
        _authorities = FrozenDictionary<string, Authority>.Empty;
    }

    /// <exception cref="ArgumentException">A kind or a field has two rules.</exception>
    public StateSchema(IReadOnlyList<KindRule> kinds)
    {
        _rules = kinds.SelectMany(kind => kind.Fields).ToFrozenDictionary(rule => (rule.Kind, rule.Field));
        _kinds = kinds.ToFrozenDictionary(kind => kind.Kind, kind => kind.OnDelete);
        _authorities = kinds.Where(kind => kind.MayWrite is not null).ToFrozenDictionary(kind => kind.Kind, kind => kind.MayWrite!);
    }

    public static StateSchema Default { get; } = new(Array.Empty<KindRule>());

    public MergeRule RuleOf(string kind, string field) => _rules.TryGetValue((kind, field), out var rule) ? rule.Rule : MergeRule.Latest;

    public FieldUse UseOf(string kind, string field) => _rules.TryGetValue((kind, field), out var rule) ? rule.Use : FieldUse.Desired;

    public DeleteRule OnDelete(string kind) => _kinds.TryGetValue(kind, out var rule) ? rule : DeleteRule.Wins;

    /// <summary>
    /// False for a field that the table leaves out of a kind that it has. To write such a one would fix its rule for ever by oversight.
    /// </summary>
    public bool Declares(string kind, string field) => !_kinds.ContainsKey(kind) || _rules.ContainsKey((kind, field));

    /// <summary>What stands against what in an entity, in order of fields.</summary>
    public IReadOnlyList<Conflict> ConflictsOf(Entity entity) => Conflict.IsIn(entity, this) ? [.. Conflict.Of(entity, this)] : [];

    internal bool HasAuthorities => _authorities.Count > 0;

    /// <summary>Whether the change takes effect; without a rule for its kind it does.</summary>
    internal bool MayWrite(SiteId maker, Change change) =>
        !_authorities.TryGetValue(change.Key.Kind, out var mayWrite) || mayWrite(maker, change);

    /// <summary>The rank that the writer gives to a delete.</summary>
    internal int RankOfDelete(string kind) => OnDelete(kind) == DeleteRule.Stays ? WinningRank : 0;

    /// <summary>The rank of a write: what its writer asks for, or what follows from the value.</summary>
    internal int RankOf(string kind, string field, FieldValue value, int asked) =>
        RuleOf(kind, field) != MergeRule.Strict ? asked : value == FieldValue.From(false) ? WinningRank : 0;
}
