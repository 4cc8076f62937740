using Skerry.State.Merging;

namespace Skerry.Domain.References;

/// <summary>What lives and keeps a thing.</summary>
internal static class Children
{
    /// <summary>By kind and id.</summary>
    public static IEnumerable<Entity> Keeping(StateView state, EntityKey parent) =>
        Reference.Keeping(parent.Kind).SelectMany(r => state.List(r.Child).Where(child => r.ParentOf(child) == parent.Id && Reference.IsKeeper(child)));

    /// <summary>Why the thing is not deleted now; null when nothing keeps it.</summary>
    /// <param name="state">What is known.</param>
    /// <param name="parent">The thing.</param>
    /// <param name="name">What its people call it.</param>
    public static Refusal? Refuse(StateView state, EntityKey parent, string name)
    {
        var kept = Keeping(state, parent).GroupBy(c => c.Key.Kind).Select(kind => $"{kind.Count()} {Words(kind.Key, kind.Count())}").ToList();
        return kept.Count == 0 ? null
            : Refusal.State($"There {(kept[0].StartsWith("1 ", StringComparison.Ordinal) ? "is" : "are")} {string.Join(" and ", kept)} of {Words(parent.Kind, 1)} {name}.", "Delete those first.");
    }

    /// <summary>What something, in the trash or not, would be left to refer to.</summary>
    /// <param name="all">All entities of a kind, those in the trash too.</param>
    public static HashSet<EntityKey> Referred(Func<string, IEnumerable<Entity>> all) =>
    [
        .. Reference.All.Where(r => r.Hold == ReferenceHold.Keeps)
            .SelectMany(r => all(r.Child).Select(r.ParentOf).OfType<string>().Select(id => new EntityKey(r.Parent, id))),
    ];

    public static string Words(string kind, int count) => kind.Replace('_', ' ') + (count == 1 ? "" : "s");
}
