using Skerry.Domain.Replication;

namespace Skerry.Domain.Groups;

/// <summary>The states at cuts that this site's copies keep, in the role of replicas.</summary>
public interface IMarkKeeper
{
    /// <summary>The volume driver whose copies these are.</summary>
    string Driver { get; }

    /// <summary>What the copy keeps, durably, in any order; null when this site has no copy.</summary>
    ValueTask<IReadOnlyList<KeptMark>?> ListAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>Drops states that no recovery needs any more. Idempotent.</summary>
    ValueTask DropAsync(string volumeId, IReadOnlyCollection<Cut> cuts, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the copy the state at the cut, durably: its source is cut off and none is let in until the hold is disposed, and what
    /// it received later is given up. Calling it again is safe. The hold has no copy when this site has none or it keeps no such state.
    /// </summary>
    ValueTask<ReplicaHold> ReturnAsync(string volumeId, Cut cut, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a volume of its own of the state at the cut, in the same place, sharing its blocks. False when the copy keeps no such
    /// state. Nothing happens when there is a volume of that id.
    /// </summary>
    ValueTask<bool> CloneAsync(string volumeId, Cut cut, string cloneId, CancellationToken cancellationToken);
}

/// <summary>A state of one copy that a cut of its group named.</summary>
/// <param name="Cut">The cut.</param>
/// <param name="Generation">Of the last write in it.</param>
/// <param name="Number">The last write in it.</param>
/// <param name="IsInHistory">False when the copy has since gone another way, so that the state is no past of its own.</param>
public sealed record KeptMark(Cut Cut, long Generation, long Number, bool IsInHistory)
{
    /// <summary>When the cut was taken, by this site's clock, or earlier; null when not known.</summary>
    public DateTimeOffset? TakenAtHere { get; init; }
}
