using Skerry.Domain.Operations;
using Skerry.Domain.References;
using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>Deletions of volumes and snapshots that wait at their owners, because something was written that their askers did not know.</summary>
internal sealed class PendingDeletes(SiteContext site)
{
    public IEnumerable<ConflictView> All(ConflictSight sight)
    {
        var state = StateView.Of(site.Replica);
        return OperationEntity.Unfinished(state)
            .Where(o => o is { Seen: not null, Status: OperationStatus.Queued })
            .DistinctBy(o => o.Entity)
            .Select(o => View(sight, state, o))
            .OfType<ConflictView>();
    }

    /// <summary>0 deletes all the same, 1 ends the deletion.</summary>
    public async ValueTask<Outcome<Unit>> PickAsync(Actor actor, ConflictView conflict, int choice, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var state = StateView.Of(transaction);
                var key = new EntityKey(conflict.Kind, conflict.EntityId);
                if (state.Find(key.Kind, key.Id) is not { } entity
                    || OperationEntity.Unfinished(state).FirstOrDefault(o => o.Entity == key && o is { Seen: not null, Status: OperationStatus.Queued }) is not { } delete)
                {
                    return new Refusal(RefusalKind.Conflict, $"Conflict {conflict.Id} is not what it was any more.", "Look at it again and choose anew.");
                }

                if (choice == 1)
                {
                    transaction.Set(OperationEntity.Key(delete.Id), "cancel_requested", FieldValue.From(true));
                    return default(Unit);
                }

                if (SeenByDelete.Unknown(state, delete).Children is [var child, ..])
                {
                    return Refusal.State($"{child.Key} was made of it.", "Delete that first.");
                }

                transaction.Set(
                    OperationEntity.Key(delete.Id),
                    OperationEntity.SeenField,
                    FieldValue.Serialize([.. SeenByDelete.Of(state, entity)], DomainJson.Default.ListString));
                return default(Unit);
            },
            cancellationToken);

    private ConflictView? View(ConflictSight sight, StateView state, Operation delete)
    {
        var (updates, children) = SeenByDelete.Unknown(state, delete);
        if ((updates.Count == 0 && children.Count == 0) || state.Find(EntityKinds.Operation, delete.Id) is not { } request)
        {
            return null;
        }

        var kind = Children.Words(delete.Entity.Kind, 1);
        return new ConflictView(
            SeenByDelete.ConflictId(delete.Entity),
            delete.Entity.Kind,
            delete.Entity.Id,
            sight.NameOf(delete.Entity),
            SeenByDelete.ConflictField,
            ConflictTypes.PendingDelete,
            $"a deletion, and what its asker did not know: the {kind} stays in deleting, and nothing of it is destroyed",
            sight.Side(delete.Entity, SeenByDelete.ConflictField, request.Standing(Entity.LifecycleField)[0]) with
            {
                Value = FieldValue.FromString("delete"),
                What = $"operation/{delete.Id}",
            },
            [
                .. updates.Select(u => sight.Side(delete.Entity, u.Field, u.Value) with { What = u.Field }),
                .. children.Select(c => sight.Side(c.Key, Entity.LifecycleField, c.Standing(Entity.LifecycleField)[0]) with
                {
                    Value = FieldValue.FromString("made"),
                    What = c.Key.ToString(),
                }),
            ],
            children.Count > 0
                ? $"Delete {string.Join(", ", children.Take(3).Select(c => c.Key.ToString()))}; or pick 1 to keep the {kind}."
                : $"Pick 0 to delete the {kind} all the same, or 1 to keep it.");
    }
}
