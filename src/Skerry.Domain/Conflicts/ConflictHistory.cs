using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>What was settled, and the way back. Bounded by age: <c>ReplicaLimits.ConflictHistoryAge</c>.</summary>
public sealed class ConflictHistory(SiteContext site)
{
    /// <summary>Newest first.</summary>
    public IReadOnlyList<SettledConflictView> List(Actor actor, ConflictFilter filter)
    {
        var sight = new ConflictSight(site);
        return
        [
            .. site.Replica.ConflictHistory()
                .Where(s => sight.MaySee(actor, s.Key, s.Field))
                .Select(s => View(sight, s))
                .Where(v => filter.Takes(v.Kind, v.EntityId, v.Field, v.Replaced.Append(v.By))),
        ];
    }

    public Outcome<SettledConflictView> Show(Actor actor, string id) =>
        Find(actor, id) is { } settled ? View(new ConflictSight(site), settled) : NotFound(id);

    /// <summary>
    /// Puts back a value that the settlement replaced. It is a write like any other: it counts as new, and can conflict. Without a choice
    /// it is refused when more than one value could be meant, and when the field was written since.
    /// </summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The settled conflict.</param>
    /// <param name="choice">Which of the replaced values, as shown: 0 is the winner of that time; null for the only one that is not the value that settled it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Unit>> UndoAsync(Actor actor, string id, int? choice, CancellationToken cancellationToken)
    {
        if (Find(actor, id) is not { } settled)
        {
            return NotFound(id);
        }

        if (settled.Field == Entity.LifecycleField)
        {
            return Refusal.State($"What conflict {id} settled was a delete.", "Delete the thing again, or make it again.");
        }

        return await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                if (!actor.IsMember)
                {
                    return ConflictService.NotAllowed(actor);
                }

                if (transaction.Find(settled.Key) is not { IsDeleted: false } entity)
                {
                    return Refusal.State($"{settled.Key} was deleted since.", "Its values come back with it only.");
                }

                var wanted = Choose(settled, IsWrittenSince(settled, entity), choice);
                if (wanted.IsRefused)
                {
                    return wanted.Refusal!;
                }

                var standing = entity.Standing(settled.Field);
                var rule = site.Replica.Schema.RuleOf(settled.Key.Kind, settled.Field);
                transaction.Resolve(
                    settled.Key, settled.Field, wanted.Value,
                    rule is MergeRule.Hub or MergeRule.Owner ? standing.Select(s => s.Rank).DefaultIfEmpty(0).Max() : 0);
                return default(Unit);
            },
            cancellationToken);
    }

    private static Outcome<FieldValue> Choose(SettledConflict settled, bool isWrittenSince, int? choice)
    {
        if (choice is { } number)
        {
            return number >= 0 && number < settled.Replaced.Count
                ? settled.Replaced[number].Value
                : Refusal.Invalid(
                    "choice", $"{settled.Replaced.Count} values were replaced; there is no number {number}.", $"Give 0 to {settled.Replaced.Count - 1}.");
        }

        if (isWrittenSince)
        {
            return new Refusal(
                RefusalKind.Conflict, $"Field {settled.Field} of {settled.Key} was written again since.", "Look at what it is now; to put an old value back all the same, choose it.");
        }

        var others = settled.Replaced.Select(r => r.Value).Where(v => v != settled.By.Value).Distinct().ToList();
        return others is [var only]
            ? only
            : Refusal.Invalid("choice", $"{others.Count} values were replaced by another.", $"Choose which to put back: 0 to {settled.Replaced.Count - 1}.");
    }

    private static bool IsWrittenSince(SettledConflict settled, Entity? entity) =>
        entity?.Standing(settled.Field) is not [var only] || only.Dot != settled.By.Dot;

    private SettledConflict? Find(Actor actor, string id) =>
        site.Replica.ConflictHistory().FirstOrDefault(s => IdOf(s) == id) is { } settled
        && new ConflictSight(site).MaySee(actor, settled.Key, settled.Field) ? settled : null;

    private SettledConflictView View(ConflictSight sight, SettledConflict settled) => new(
        IdOf(settled),
        settled.Key.Kind,
        settled.Key.Id,
        sight.NameOf(settled.Key),
        settled.Field,
        [.. settled.Replaced.Select(r => sight.Side(settled.Key, settled.Field, r))],
        sight.Side(settled.Key, settled.Field, settled.By),
        IsWrittenSince(settled, site.Replica.Find(settled.Key)));

    private static string IdOf(SettledConflict settled) => $"{settled.Key}/{settled.Field}@{settled.By.Dot}";

    private static Refusal NotFound(string id) => Refusal.NotFound("settled conflict", id);
}
