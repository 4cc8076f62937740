using Skerry.Domain.Identity;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Shows what stands against what, and lets people settle it.</summary>
/// <remarks>
/// A tenant sees the conflicts of what belongs to its project. Conflicts are derived from state, so every site shows the same ones
/// once it knows the same writes.
/// </remarks>
public sealed class ConflictService(SiteContext site)
{
    /// <summary>What people of a project write themselves; the rest says where and how a thing is kept.</summary>
    private static readonly IReadOnlySet<string> TenantFields =
        new HashSet<string>(StringComparer.Ordinal) { "name", "description", "metadata", "is_bootable", Entity.LifecycleField };

    /// <summary>Fields whose values nobody is shown, not even as the hashes that they are; they are settled by picking a side.</summary>
    private static readonly IReadOnlySet<(string Kind, string Field)> SecretFields = new HashSet<(string, string)>
    {
        (IdentityKinds.User, "password"),
        (EntityKinds.Connection, "secret_hash"),
        (EntityKinds.Invitation, "hash"),
    };

    private static readonly FieldValue Hidden = FieldValue.FromString("(secret)");

    /// <summary>By kind, entity and field.</summary>
    public IReadOnlyList<ConflictView> List(Actor actor, string? kind = null) =>
    [
        .. site.Replica.Conflicts
            .Where(c => (kind is null || c.Key.Kind == kind) && MaySee(actor, c.Key, c.Field))
            .OrderBy(c => c.Key)
            .ThenBy(c => c.Field, StringComparer.Ordinal)
            .Select(View),
    ];

    public Outcome<ConflictView> Show(Actor actor, string id) =>
        Find(actor, id) is { } conflict ? View(conflict) : Refusal.NotFound("conflict", id);

    /// <summary>Chooses one of the standing values.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The conflict.</param>
    /// <param name="choice">The number of the side as shown: 0 is the winner, 1 the first loser ….</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<Outcome<Unit>> PickAsync(Actor actor, string id, int choice, CancellationToken cancellationToken)
    {
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
            ? await SettleAsync(actor, conflict, choice == 0 ? conflict.Winner!.Value : conflict.Losers[choice - 1].Value, cancellationToken)
            : await SettleDeletionAsync(actor, conflict, restore: choice > 0, cancellationToken);
    }

    /// <summary>Sets a value of its own in place of all that stand.</summary>
    public async ValueTask<Outcome<Unit>> SetAsync(Actor actor, string id, FieldValue value, CancellationToken cancellationToken) =>
        Find(actor, id) is not { } conflict ? Refusal.NotFound("conflict", id)
        : conflict.Kind != ConflictKind.Values ? Refusal.Invalid(
            "value", $"Conflict {id} is between a delete and an update; no value settles it.", "Pick 0 to keep it deleted, or 1 to restore it.")
        : IsSecret(conflict.Key, conflict.Field) ? Refusal.Invalid(
            "value", $"Field {conflict.Field} is a secret; no value settles it.", "Pick a side, or set a new secret where it is used.")
        : conflict.Winner is { } winner && Shape(winner.Value) != Shape(value) ? Refusal.Invalid(
            "value", $"{value} is not of the shape of {winner.Value}, which field {conflict.Field} has now.")
        : await SettleAsync(actor, conflict, value, cancellationToken);

    /// <summary>What was settled, newest first.</summary>
    public IReadOnlyList<SettledConflictView> History(Actor actor, EntityKey? entity = null) =>
    [
        .. site.Replica.ConflictHistory(entity)
            .Where(s => MaySee(actor, s.Key, s.Field))
            .OrderByDescending(s => s)
            .Select(s => new SettledConflictView(
                s.Key.Kind, s.Key.Id, NameOf(s.Key), s.Field, [.. s.Replaced.Select(r => Side(s.Key, s.Field, r))], Side(s.Key, s.Field, s.By))),
    ];

    private async ValueTask<Outcome<Unit>> SettleAsync(
        Actor actor, Conflict seen, FieldValue value, CancellationToken cancellationToken) =>
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

                transaction.Resolve(seen.Key, seen.Field, value, standing.Max(s => s.Rank));
                return default(Unit);
            },
            cancellationToken);

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

                if (!restore)
                {
                    transaction.Delete(seen.Key);
                    return default(Unit);
                }

                // Its data went with the deletion: restoring the words alone would promise a disk that is not there.
                if (seen.Key.Kind is EntityKinds.Volume or EntityKinds.Snapshot)
                {
                    return Refusal.State(
                        $"The data of {seen.Key.Kind} {seen.Key.Id} was deleted; it cannot be restored by settling a conflict.",
                        "Pick 0 to keep it deleted.");
                }

                transaction.Restore(seen.Key);
                return default(Unit);
            },
            cancellationToken);

    private Conflict? Find(Actor actor, string id) =>
        site.Replica.Conflicts.FirstOrDefault(c => c.Id == id) is { } conflict && MaySee(actor, conflict.Key, conflict.Field)
            ? conflict
            : null;

    private bool MaySee(Actor actor, EntityKey key, string field) =>
        actor.IsAdmin || (TenantFields.Contains(field) && actor.MaySee(site.Replica.Find(key)?.Text("project_id")));

    private string? NameOf(EntityKey key) => site.Replica.Find(key)?.Text("name");

    private ConflictView View(Conflict conflict) => new(
        conflict.Id,
        conflict.Key.Kind,
        conflict.Key.Id,
        NameOf(conflict.Key),
        conflict.Field,
        conflict.Kind switch
        {
            ConflictKind.Values => "different values",
            ConflictKind.UpdateOfDeleted => "an update of what was deleted",
            _ => "a delete against a creation or restore",
        },
        conflict.Winner is null ? null : Side(conflict.Key, conflict.Field, conflict.Winner),
        [.. conflict.Losers.Select(loser => Side(conflict.Key, conflict.Field, loser))]);

    private static bool IsSecret(EntityKey key, string field) => SecretFields.Contains((key.Kind, field));

    private ConflictSide Side(EntityKey key, string field, StandingValue value) => new(
        IsSecret(key, field) ? Hidden : value.Value,
        value.Author,
        value.Site.ToString(),
        new Volumes.SiteDirectory(site, StateView.Of(site.Replica)).NameOf(value.Site.ToString()),
        value.Stamp.Time);

    private static bool SameSides(Conflict seen, IReadOnlyList<StandingValue> standing) =>
        standing.Select(s => s.Value).ToHashSet()
            .SetEquals(seen.Losers.Append(seen.Winner!).Select(s => s.Value));

    private static Refusal NotAllowed(Actor actor) => new(
        RefusalKind.NotAllowed, $"The roles of {actor.Name} do not allow settling conflicts.", "Ask an administrator for the role member.");

    private static char Shape(FieldValue value) => (char)value.Utf8.Span[0] switch
    {
        't' or 'f' => 't',
        '-' or (>= '0' and <= '9') => '0',
        var first => first,
    };
}
