using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Trust;

namespace Skerry.State;

/// <summary>Takes mutations of other sites one by one, and refuses what comes before its causes.</summary>
internal sealed class Arrivals
{
    private readonly ReplicaState _before;
    private readonly Writer _self;
    private readonly ReplicaState.Builder _builder;
    private readonly SealChecks _seals;

    /// <param name="before">The state that they come to.</param>
    /// <param name="options">The rules of fields, and who has to seal what.</param>
    /// <param name="self">This start of this site.</param>
    /// <param name="keys">Keys that were read before.</param>
    public Arrivals(ReplicaState before, ReplicaOptions options, Writer self, SealKeys keys)
    {
        _before = before;
        _self = self;
        _builder = new ReplicaState.Builder(before, options.Schema);
        _seals = new SealChecks(options.SealRules, keys, _builder.Find);
    }

    /// <summary>Those that were new here.</summary>
    public List<Mutation> Taken { get; } = [];

    public void Take(Mutation mutation)
    {
        var dot = mutation.Dot;
        if (_builder.Vector.Covers(dot)) return;
        if (dot.Writer == _self)
        {
            throw new CausalityException(
                $"Mutation {dot} claims to be of this very start of this site, which has not made it; another copy of this site is running: stop one of them.");
        }

        var expected = _builder.Vector[dot.Writer] + 1;
        if (dot.Sequence != expected) throw new CausalityException($"Mutation {dot} came where number {expected} of its writer was due; the sender left some out.");
        foreach (var change in mutation.Changes)
        {
            RequireSeen(mutation, change.Replaces);
            RequireSeen(mutation, change.Outranks);
            RequireSeen(mutation, change.Seen);
        }

        _seals.Begin(mutation);
        _builder.Apply(mutation);
        _seals.Add(mutation);
        Taken.Add(mutation);
    }

    /// <exception cref="ForgedRunException">The last run is without its seal.</exception>
    public ReplicaState ToState()
    {
        _seals.End();
        return Taken.Count == 0 ? _before : _builder.ToState();
    }

    private void RequireSeen(Mutation mutation, IReadOnlyList<Dot> named)
    {
        foreach (var dot in named)
        {
            if (!_builder.Vector.Covers(dot)) throw new CausalityException($"Mutation {mutation.Dot} came before {dot}, which it had seen; the sender left some out.");
        }
    }
}
