using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>What a promotion that names no site came to, when it is asked for again: it is done, and no wish to move the volume on.</summary>
internal static class PromotedBefore
{
    /// <summary>
    /// The site that was promoted by force, or after a demotion, and is primary since; null when that is not so, or the site is out of
    /// reach: then another promotion may be what is needed.
    /// </summary>
    public static string? Site(StateView state, string volumeId, Reach reach)
    {
        if (Generations.Primary(state, volumeId) is not { IsSplitBrain: false, Current: { IsDemoted: false, ParentId: { } parentId } current })
        {
            return null;
        }

        var wasPromoted = !current.Planned
            || Generations.Of(state, volumeId).FirstOrDefault(g => g.Id == parentId) is { IsDemoted: true };
        return wasPromoted && reach.IsConnected(current.Site) ? current.Site : null;
    }
}
