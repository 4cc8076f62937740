using Skerry.Domain.Identity;
using Skerry.Domain.References;
using Skerry.State.Merging;

namespace Skerry.Domain.Conflicts;

/// <summary>What was made while what it belongs to was being deleted elsewhere: a volume in a deleted project, a snapshot of a deleted volume.</summary>
internal sealed class ReferenceConflicts(SiteContext site)
{
    /// <summary>In the place of the field in the id of such a conflict.</summary>
    public const string Field = "$references";

    /// <summary>Children that mean nothing but the reference, and can be taken away with it.</summary>
    private static readonly IReadOnlySet<string> Removable =
        new HashSet<string>(StringComparer.Ordinal) { EntityKinds.GroupMember, EntityKinds.Attachment, EntityKinds.Connection };

    /// <summary>Parents that are words alone, so that the words bring them back.</summary>
    private static readonly IReadOnlySet<string> Restorable = new HashSet<string>(StringComparer.Ordinal)
    {
        EntityKinds.Group, EntityKinds.VolumeType, EntityKinds.QosSpec, IdentityKinds.Project, IdentityKinds.Domain,
    };

    private readonly Orphans _orphans = new(site.Replica);

    public IEnumerable<ConflictView> All(ConflictSight sight) => _orphans.Find().Select(o => View(sight, o));

    /// <summary>0 takes the children away, 1 restores the parent.</summary>
    public async ValueTask<Outcome<Unit>> PickAsync(Actor actor, ConflictView conflict, int choice, CancellationToken cancellationToken) =>
        await site.DecideAsync<Outcome<Unit>>(
            actor,
            transaction =>
            {
                var parent = new EntityKey(conflict.Kind, conflict.EntityId);
                if (choice == 1)
                {
                    if (!Restorable.Contains(parent.Kind))
                    {
                        return Refusal.State($"The data of {parent} was deleted; words do not bring it back.", conflict.NextStep);
                    }

                    transaction.Restore(parent);
                    return default(Unit);
                }

                var children = Children.Keeping(StateView.Of(transaction), parent).ToList();
                if (children.FirstOrDefault(c => !Removable.Contains(c.Key.Kind)) is { } kept)
                {
                    return Refusal.State($"{kept.Key} holds more than its reference to {parent}.", conflict.NextStep);
                }

                children.ForEach(c => transaction.Delete(c.Key));
                return default(Unit);
            },
            cancellationToken);

    private static ConflictView View(ConflictSight sight, Orphaned orphan)
    {
        var kind = Children.Words(orphan.ParentKey.Kind, 1);
        var first = orphan.Children[0];
        var commands = string.Join(", ", orphan.Children.Take(3).Select(c => c.Key.ToString()));
        var remove = orphan.Children.All(c => Removable.Contains(c.Key.Kind)) ? $"Pick 0 to take {commands} away" : $"Delete {commands}";
        return new ConflictView(
            $"{orphan.ParentKey}/{Field}",
            orphan.ParentKey.Kind,
            orphan.ParentKey.Id,
            orphan.Parent?.Text("name"),
            Field,
            ConflictTypes.Reference,
            $"{Children.Words(first.Key.Kind, 1)} {first.Id} was made while its {kind} was being deleted: the {kind} stays in deleting",
            orphan.Parent?.Standing(Entity.LifecycleField) is [var deleted, ..]
                ? sight.Side(orphan.ParentKey, Field, deleted) with { Value = FieldValue.FromString("deleted"), What = orphan.ParentKey.ToString() }
                : null,
            [
                .. orphan.Children.Select(child =>
                    sight.Side(child.Key, Field, child.Standing(Entity.LifecycleField)[0]) with { Value = FieldValue.FromString("made"), What = child.Key.ToString() }),
            ],
            Restorable.Contains(orphan.ParentKey.Kind) ? $"{remove}; or pick 1 to restore the {kind}." : $"{remove}.");
    }
}
