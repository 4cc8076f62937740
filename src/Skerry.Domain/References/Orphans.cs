using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.References;

/// <summary>A thing that was deleted while what refers to it was made elsewhere.</summary>
/// <param name="Parent">What was deleted; null when it was purged too.</param>
/// <param name="ParentKey">Its name.</param>
/// <param name="Children">What keeps it, by key.</param>
internal sealed record Orphaned(Entity? Parent, EntityKey ParentKey, IReadOnlyList<Entity> Children);

/// <summary>Finds what was made while what it belongs to was being deleted. Derived from state, so every site finds the same.</summary>
internal sealed class Orphans(Replica replica)
{
    private readonly Dictionary<Reference, (IReadOnlyList<Entity> Children, IReadOnlyList<Entity> Parents, IReadOnlyList<(EntityKey Parent, Entity Child)> Found)> _known = [];

    /// <summary>By parent. Asked by several threads, one after the other.</summary>
    public IReadOnlyList<Orphaned> Find()
    {
        lock (_known)
        {
            return
            [
                .. Reference.All.Where(r => r.Hold == ReferenceHold.Keeps).SelectMany(Find)
                    .GroupBy(f => f.Parent)
                    .Select(of => new Orphaned(replica.Find(of.Key), of.Key, [.. of.Select(f => f.Child).OrderBy(c => c.Key)]))
                    .Where(of => of.Parent is not { IsDeleted: false })
                    .OrderBy(of => of.ParentKey),
            ];
        }
    }

    private IReadOnlyList<(EntityKey Parent, Entity Child)> Find(Reference reference)
    {
        var (children, parents) = (replica.List(reference.Child), replica.List(reference.Parent));
        if (_known.TryGetValue(reference, out var known) && ReferenceEquals(known.Children, children) && ReferenceEquals(known.Parents, parents))
        {
            return known.Found;
        }

        var living = parents.Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        List<(EntityKey, Entity)> found = [];
        foreach (var child in children)
        {
            if (reference.ParentOf(child) is { } id && !living.Contains(id) && Reference.IsKeeper(child)
                && new EntityKey(reference.Parent, id) is var key && IsGone(key))
            {
                found.Add((key, child));
            }
        }

        _known[reference] = (children, parents, found);
        return found;
    }

    /// <summary>Of most kinds nothing is purged, and what this site has never heard of it may yet hear of.</summary>
    private bool IsGone(EntityKey parent) => replica.Find(parent) is not null || parent.Kind == EntityKinds.Volume;
}
