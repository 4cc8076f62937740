using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>Takes mutations of other sites one by one, and refuses what comes before its causes.</summary>
internal sealed class Arrivals(ReplicaState before, StateSchema schema, Writer self)
{
    private readonly ReplicaState.Builder _builder = new(before, schema);

    /// <summary>Those that were new here.</summary>
    public List<Mutation> Taken { get; } = [];

    public void Take(Mutation mutation)
    {
        var dot = mutation.Dot;
        if (_builder.Vector.Covers(dot)) return;
        if (dot.Writer == self)
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

        _builder.Apply(mutation);
        Taken.Add(mutation);
    }

    public ReplicaState ToState() => Taken.Count == 0 ? before : _builder.ToState();

    private void RequireSeen(Mutation mutation, IReadOnlyList<Dot> named)
    {
        foreach (var dot in named)
        {
            if (!_builder.Vector.Covers(dot)) throw new CausalityException($"Mutation {mutation.Dot} came before {dot}, which it had seen; the sender left some out.");
        }
    }
}
