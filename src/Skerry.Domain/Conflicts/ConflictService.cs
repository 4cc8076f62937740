#pragma warning disable CS9113 // The bodies follow.
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Shows what stands against what, and lets people settle it.</summary>
public sealed class ConflictService(SiteContext site)
{
    /// <summary>By kind, entity and field.</summary>
    public IReadOnlyList<ConflictView> List(Actor actor, string? kind = null) => throw new NotImplementedException();

    public Outcome<ConflictView> Show(Actor actor, string id) => throw new NotImplementedException();

    /// <summary>Chooses one of the standing values.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The conflict.</param>
    /// <param name="choice">The number of the side as shown: 0 is the winner, 1 the first loser ….</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Outcome<Unit>> PickAsync(Actor actor, string id, int choice, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Sets a value of its own in place of all that stand.</summary>
    public ValueTask<Outcome<Unit>> SetAsync(Actor actor, string id, FieldValue value, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>What was settled, newest first.</summary>
    public IReadOnlyList<SettledConflictView> History(Actor actor, EntityKey? entity = null) => throw new NotImplementedException();
}
