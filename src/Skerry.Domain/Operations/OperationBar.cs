using Skerry.Domain.Sites;
using Skerry.State.Merging;

namespace Skerry.Domain.Operations;

/// <summary>Says of a queued operation why it may not begin any more, because of what became of the sites that made it and run it.</summary>
internal static class OperationBar
{
    /// <param name="state">What the target knows.</param>
    /// <param name="target">The site that would run it.</param>
    /// <param name="id">The operation.</param>
    /// <returns>The reason; null when nothing bars it.</returns>
    public static string? Reason(StateView state, string target, string id)
    {
        if (state.Find(EntityKinds.Operation, id)?.Standing(Entity.LifecycleField) is not [var made, ..])
        {
            return null;
        }

        var identity = SiteIdentity.Of(state, target);
        if (identity.Standing != SiteStanding.Sound && identity.IsDoubtful(made.Stamp))
        {
            return $"This site was {(identity.Standing == SiteStanding.Copied ? "running twice" : "started from an older copy of its disk")} "
                + "after it was asked for this, and may have done it before. Look, and ask again if it is still wanted.";
        }

        return state.Find(EntityKinds.Site, made.Site.ToString()) is { } maker && Eviction.WasUnseen(maker, made.Dot)
            ? $"Site {maker.Text(SiteFields.Name, maker.Id)} asked for this while it was evicted, and nobody had seen it. Ask again if it is still wanted."
            : null;
    }
}
