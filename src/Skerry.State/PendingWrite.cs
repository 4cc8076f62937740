using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;

namespace Skerry.State;

/// <summary>A write that was decided and waits for its group to be durable. May be decided again if the group cannot be appended as it is.</summary>
internal sealed class PendingWrite(Func<ReplicaState, Decided> decide)
{
    public IReadOnlyList<Mutation> Mutations { get; private set; } = [];

    /// <summary>The state that it was decided over.</summary>
    public ReplicaState? Before { get; private set; }

    /// <summary>The state after it.</summary>
    public ReplicaState After { get; private set; } = ReplicaState.Empty;

    public bool IsSettled { get; private set; }

    public Exception? Failure { get; private set; }

    /// <summary>Decides over a state.</summary>
    /// <param name="before">With everything decided earlier.</param>
    /// <param name="oldest">Settled conflicts below this stamp are forgotten.</param>
    public void Decide(ReplicaState before, Hlc oldest)
    {
        Before = before;
        var decided = decide(before);
        Mutations = decided.Mutations;
        After = decided.After.ForgetHistoryBefore(oldest);
    }

    public void Settle(Exception? failure = null)
    {
        Failure = failure;
        IsSettled = true;
    }
}

internal readonly record struct Decided(IReadOnlyList<Mutation> Mutations, ReplicaState After);
