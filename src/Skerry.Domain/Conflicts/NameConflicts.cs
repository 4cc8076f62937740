using Skerry.Domain.Identity;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>One name that was given to two things by sites that did not know of each other. The first keeps it.</summary>
internal sealed class NameConflicts(SiteContext site)
{
    /// <summary>In the place of the field in the id of such a conflict, which is on the one that goes by another name.</summary>
    public const string Field = "$name";

    private static readonly IReadOnlyList<string> Kinds =
        [IdentityKinds.Domain, IdentityKinds.Project, IdentityKinds.User, EntityKinds.VolumeType, EntityKinds.QosSpec];

    public IEnumerable<ConflictView> All(ConflictSight sight) =>
        from kind in Kinds
        let all = site.Replica.List(kind)
        let names = UniqueNames.In(all)
        from rival in names.Holders.OrderBy(h => h.Key, StringComparer.Ordinal)
        let loser = site.Replica.Find(new EntityKey(kind, rival.Key))
        where loser is not null
        select View(sight, names, rival.Value, loser);

    /// <summary>Renames the one that goes by another name.</summary>
    public async ValueTask<Outcome<Unit>> RenameAsync(Actor actor, ConflictView conflict, FieldValue value, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var key = new EntityKey(conflict.Kind, conflict.EntityId);
                if (value.Utf8.Span[0] != (byte)'"' || value.AsString() is not { } name || IdentityText.CheckName("value", name, IdentityText.MaxProjectNameLength) is not null)
                {
                    return Refusal.Invalid("value", $"{value} is no name.", $"Give a text of 1 to {IdentityText.MaxProjectNameLength} characters.");
                }

                if (transaction.Find(key) is not { IsDeleted: false } entity)
                {
                    return Refusal.NotFound("conflict", conflict.Id);
                }

                if (UniqueNames.Find(transaction.List(key.Kind), entity.Text("domain_id") ?? "", name) is not null)
                {
                    return new Refusal(RefusalKind.Conflict, $"There is a {key.Kind} {name} already.", "Choose another name.", "value");
                }

                transaction.SetIfDifferent(key, UniqueNames.Field, value);
                return default(Unit);
            },
            cancellationToken);

    private static ConflictView View(ConflictSight sight, UniqueNames names, Entity holder, Entity loser) => new(
        $"{loser.Key}/{Field}",
        loser.Key.Kind,
        loser.Id,
        names.Of(loser),
        Field,
        ConflictTypes.Name,
        $"two of one name: {holder.Key} had it first and keeps it, {loser.Key} goes by {names.Of(loser)}",
        Side(sight, holder),
        [Side(sight, loser)],
        $"Rename either; skerry conflict resolve with --value renames {loser.Key}.");

    private static ConflictSide Side(ConflictSight sight, Entity entity) =>
        sight.Side(entity.Key, UniqueNames.Field, entity.Standing(UniqueNames.Field)[0]) with { What = entity.Key.ToString() };
}
