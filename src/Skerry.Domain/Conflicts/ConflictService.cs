using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Shows what stands against what, and lets people settle it.</summary>
/// <remarks>
/// A tenant sees the conflicts of what belongs to its project. Conflicts are derived from state, so every site shows the same ones
/// once it knows the same writes.
/// </remarks>
public sealed class ConflictService(SiteContext site)
{
    private readonly ReferenceConflicts _references = new(site);
    private readonly PendingDeletes _deletes = new(site);
    private readonly NameConflicts _names = new(site);

    /// <summary>By kind, entity and field.</summary>
    public IReadOnlyList<ConflictView> List(Actor actor, ConflictFilter? filter = null)
    {
        var sight = new ConflictSight(site);
        return
        [
            .. site.Replica.Conflicts
                .Select(c => View(sight, c))
                .Concat(_references.All(sight))
                .Concat(_deletes.All(sight))
                .Concat(_names.All(sight))
                .Where(v => sight.MaySee(actor, new EntityKey(v.Kind, v.EntityId), v.Field))
                .OrderBy(v => v.Kind, StringComparer.Ordinal)
                .ThenBy(v => v.EntityId, StringComparer.Ordinal)
                .ThenBy(v => v.Field, StringComparer.Ordinal)
                .Where(v => filter is null || ((filter.Type is null || filter.Type == v.Type) && filter.Takes(v.Kind, v.EntityId, v.Field, Sides(v)))),
        ];
    }

    public Outcome<ConflictView> Show(Actor actor, string id) =>
        Find(actor, id) is { } conflict ? View(new ConflictSight(site), conflict)
        : Derived(actor, id) is { } derived ? derived
        : Refusal.NotFound("conflict", id);

    /// <summary>Chooses one of the standing values.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The conflict.</param>
    /// <param name="choice">The number of the side as shown: 0 is the winner, 1 the first loser ….</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Unit>> PickAsync(Actor actor, string id, int choice, CancellationToken cancellationToken)
    {
        if (Derived(actor, id) is { } derived)
        {
            return !actor.IsMember ? NotAllowed(actor)
                : derived.Type == ConflictTypes.Name ? Refusal.Invalid("choice", $"No pick settles conflict {id}: both stay.", derived.NextStep)
                : choice is not (0 or 1) ? Refusal.Invalid("choice", $"Conflict {id} is settled by 0 or 1.", derived.NextStep)
                : derived.Type == ConflictTypes.Reference ? await _references.PickAsync(actor, derived, choice, cancellationToken)
                : await _deletes.PickAsync(actor, derived, choice, cancellationToken);
        }

        if (Find(actor, id) is not { } conflict)
        {
            return Refusal.NotFound("conflict", id);
        }

        if (choice < 0 || choice > conflict.Losers.Count)
        {
            return Refusal.Invalid(
                "choice", $"Conflict {id} has no side {choice}.", $"Give 0 for the winner, or 1 to {conflict.Losers.Count} for a loser.");
        }

        return conflict.Kind == ConflictKind.Values
            ? await SettleAsync(actor, conflict, Side(conflict, choice).Value, Side(conflict, choice), cancellationToken)
            : await SettleDeletionAsync(actor, conflict, Lives(conflict, choice), cancellationToken);
    }

    /// <summary>Sets a value of its own in place of all that stand.</summary>
    public async ValueTask<Outcome<Unit>> SetAsync(Actor actor, string id, FieldValue value, CancellationToken cancellationToken) =>
        Derived(actor, id) is { } derived ? !actor.IsMember ? NotAllowed(actor)
            : derived.Type == ConflictTypes.Name ? await _names.RenameAsync(actor, derived, value, cancellationToken)
            : Refusal.Invalid("value", $"No value settles conflict {id}.", derived.NextStep)
        : Find(actor, id) is not { } conflict ? Refusal.NotFound("conflict", id)
        : conflict.Kind != ConflictKind.Values ? Refusal.Invalid(
            "value", $"Conflict {id} is between a delete and an update; no value settles it.", "Pick 0 to keep it deleted, or 1 to restore it.")
        : ConflictSight.IsSecret(conflict.Key, conflict.Field) ? Refusal.Invalid(
            "value", $"Field {conflict.Field} is a secret; no value settles it.", "Pick a side, or set a new secret where it is used.")
        : conflict.Winner is { } winner && Shape(winner.Value) != Shape(value) ? Refusal.Invalid(
            "value", $"{value} is not of the shape of {winner.Value}, which field {conflict.Field} has now.")
        : conflict.Key.Kind == EntityKinds.Replication && conflict.Rule == MergeRule.Hold ? Refusal.Invalid(
            "value", $"Field {conflict.Field} is a part of where a copy is.", "Pick a side; move the replica afterwards, if it is to be somewhere else.")
        : await SettleAsync(actor, conflict, value, null, cancellationToken);

    private async ValueTask<Outcome<Unit>> SettleAsync(
        Actor actor, Conflict seen, FieldValue value, StandingValue? side, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsMember)
                {
                    return NotAllowed(actor);
                }

                // What was chosen between is what was shown: another write in the meantime asks for another look.
                if (transaction.Find(seen.Key)?.Standing(seen.Field) is not { } standing || !SameSides(seen, standing))
                {
                    return new Refusal(
                        RefusalKind.Conflict, $"Conflict {seen.Id} is not what it was any more.", "Look at it again and choose anew.");
                }

                transaction.Resolve(
                    seen.Key, seen.Field, value, seen.Rule is MergeRule.Hub or MergeRule.Owner ? standing.Max(s => s.Rank) : 0);
                if (seen.Rule == MergeRule.Hold && side is not null)
                {
                    SettleWith(transaction, seen, side);
                }

                return default(Unit);
            },
            cancellationToken);

    /// <summary>What the chosen side wrote together is chosen together: a place is a site and a backend.</summary>
    private void SettleWith(ITransaction transaction, Conflict seen, StandingValue side)
    {
        var entity = transaction.Find(seen.Key)!;
        foreach (var field in entity.Fields.Where(f => f != seen.Field && entity.IsContested(f)).ToList())
        {
            if (site.Replica.Schema.RuleOf(seen.Key.Kind, field) == MergeRule.Hold
                && entity.Standing(field).FirstOrDefault(s => s.Dot == side.Dot) is { } same)
            {
                transaction.Resolve(seen.Key, field, same.Value);
            }
        }
    }

    private async ValueTask<Outcome<Unit>> SettleDeletionAsync(
        Actor actor, Conflict seen, bool restore, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsMember)
                {
                    return NotAllowed(actor);
                }

                // Its data went with the deletion, or is there without one: the words alone would say of a disk what is not so.
                if (seen.Key.Kind is EntityKinds.Volume or EntityKinds.Snapshot && transaction.Find(seen.Key) is { } entity && entity.IsDeleted == restore)
                {
                    return restore
                        ? Refusal.State(
                            $"The data of {seen.Key.Kind} {seen.Key.Id} was deleted; it cannot be restored by settling a conflict.",
                            "Pick the side of the delete to let the update go.")
                        : Refusal.State(
                            $"The data of {seen.Key.Kind} {seen.Key.Id} is there; it cannot be deleted by settling a conflict.",
                            $"Delete the {seen.Key.Kind} itself.");
                }

                if (restore)
                {
                    transaction.Restore(seen.Key);
                }
                else
                {
                    transaction.Delete(seen.Key);
                }

                return default(Unit);
            },
            cancellationToken);

    /// <summary>Whether the thing lives on by the choice.</summary>
    private static bool Lives(Conflict conflict, int choice) =>
        conflict.Kind == ConflictKind.Lifecycle
            ? Side(conflict, choice).Value == FieldValue.From(true)
            : choice > 0;

    /// <summary>One that is not between values of a field.</summary>
    private ConflictView? Derived(Actor actor, string id)
    {
        var sight = new ConflictSight(site);
        var all = id.EndsWith(ReferenceConflicts.Field, StringComparison.Ordinal) ? _references.All(sight)
            : id.EndsWith(NameConflicts.Field, StringComparison.Ordinal) ? _names.All(sight)
            : id.EndsWith(SeenByDelete.ConflictField, StringComparison.Ordinal) ? _deletes.All(sight)
            : [];
        return all.FirstOrDefault(v => v.Id == id && sight.MaySee(actor, new EntityKey(v.Kind, v.EntityId), v.Field));
    }

    private static StandingValue Side(Conflict conflict, int choice) => choice == 0 ? conflict.Winner! : conflict.Losers[choice - 1];

    private Conflict? Find(Actor actor, string id) =>
        site.Replica.Conflicts.FirstOrDefault(c => c.Id == id) is { } conflict
        && new ConflictSight(site).MaySee(actor, conflict.Key, conflict.Field) ? conflict : null;

    private static IEnumerable<ConflictSide> Sides(ConflictView view) => view.Winner is { } winner ? view.Losers.Prepend(winner) : view.Losers;

    private static ConflictView View(ConflictSight sight, Conflict conflict)
    {
        var (type, nature, next) = conflict switch
        {
            { Kind: ConflictKind.UpdateOfDeleted } => (
                ConflictTypes.Delete,
                "an update of what was deleted: it is deleted, and the update is kept",
                conflict.Key.Kind is EntityKinds.Volume or EntityKinds.Snapshot
                    ? "Pick 0 to let the update go; its data is deleted."
                    : "Pick 0 to let the update go, or 1 to restore what was deleted."),
            { Kind: ConflictKind.Lifecycle } => (
                ConflictTypes.Lifecycle,
                "a delete against a creation or restore",
                "Pick 0 to keep what is shown, or 1 for the other."),
            { Rule: MergeRule.Hold } => (
                ConflictTypes.Values,
                "different values, and nobody acts on it until it is settled",
                "Pick a side, or give a value of your own."),
            _ => (ConflictTypes.Values, "different values; the next write settles it", "Pick a side, or give a value of your own."),
        };
        return new ConflictView(
            conflict.Id,
            conflict.Key.Kind,
            conflict.Key.Id,
            sight.NameOf(conflict.Key),
            conflict.Field,
            type,
            nature,
            conflict.Winner is null ? null : sight.Side(conflict.Key, conflict.Field, conflict.Winner),
            [.. conflict.Losers.Select(loser => sight.Side(conflict.Key, conflict.Field, loser))],
            next);
    }

    private static bool SameSides(Conflict seen, IReadOnlyList<StandingValue> standing) =>
        standing.Select(s => s.Value).ToHashSet()
            .SetEquals(seen.Losers.Append(seen.Winner!).Select(s => s.Value));

    internal static Refusal NotAllowed(Actor actor) => new(
        RefusalKind.NotAllowed, $"The roles of {actor.Name} do not allow settling conflicts.", "Ask an administrator for the role member.");

    private static char Shape(FieldValue value) => (char)value.Utf8.Span[0] switch
    {
        't' or 'f' => 't',
        '-' or (>= '0' and <= '9') => '0',
        var first => first,
    };
}
