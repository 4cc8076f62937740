using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>Whether this site's copy of a volume takes writes, judged by what this site knows.</summary>
/// <remarks>
/// The invariant: a copy takes writes only while its site is the primary of the highest generation known here, and that generation
/// has no rival. Everything else is fenced, within a second of learning better.
/// </remarks>
/// <param name="Generation">The generation to open in; null when the copy must be fenced.</param>
/// <param name="Reason">Why it is fenced, for a person; null when it takes writes.</param>
public readonly record struct WritePermission(Generation? Generation, string? Reason)
{
    public bool IsAllowed => Generation is not null;

    /// <summary>The rule, pure.</summary>
    /// <param name="site">This site, as <c>SiteId</c> prints it.</param>
    /// <param name="primary">What the known generations say; null when there is none yet.</param>
    public static WritePermission Of(string site, PrimaryView? primary)
    {
        if (primary is null)
        {
            return new WritePermission(null, "It is still being created.");
        }

        var current = primary.Current;
        if (primary.IsSplitBrain)
        {
            var sites = primary.Rivals.Prepend(current).Select(g => g.Site).Distinct(StringComparer.Ordinal);
            return new WritePermission(
                null, $"Split brain: generation {current.Number} names {string.Join(" and ", sites)}. Choose one and resync the other.");
        }

        if (current.IsDemoted)
        {
            return new WritePermission(null, $"It was demoted in generation {current.Number}. Promote a copy to write again.");
        }

        return primary.IsPrimary(site)
            ? new WritePermission(current, null)
            : new WritePermission(null, $"Site {current.Site} is its primary in generation {current.Number}.");
    }

    /// <summary>The rule on what this site's state says.</summary>
    /// <remarks>A primary that is being handed over takes no writes, so that the number that its successor must reach stands still.</remarks>
    public static WritePermission Of(StateView state, string site, string volumeId)
    {
        var permission = Of(site, Generations.Primary(state, volumeId));
        return permission.Generation is { } current && Handover.Find(state, volumeId) is { } handover && handover.GenerationId == current.Id
            ? new WritePermission(null, handover.Reason)
            : permission;
    }
}
