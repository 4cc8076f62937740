using Skerry.State.Clocks;
using Skerry.State.Merging;

namespace Skerry.Domain.Sites;

/// <summary>A person decided that nobody waits for a site any more. It stays a member in every other way.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When, as <see cref="Instants"/> writes it; with the site it names the eviction.</param>
/// <param name="Reason">In the person's words; null when none were given.</param>
/// <param name="Known">What was known of the site's writes where it was decided, as <see cref="Positions"/>.</param>
/// <param name="IsOver">It was taken back: the site is waited for again.</param>
internal sealed record Eviction(string By, string At, string? Reason, SortedDictionary<string, long> Known, bool IsOver = false)
{
    public string Text => $"evicted by {By} at {At}{(Reason is null ? "" : $": {Reason}")}";

    /// <summary>The site's last eviction, over or not; null when it never was evicted.</summary>
    public static Eviction? Of(Entity site) => site.Json(SiteFields.Evicted, SitesJson.Default.Eviction);

    /// <summary>Whether the others wait for the site before they forget what it may lack.</summary>
    public static bool IsAwaited(Entity site) => Of(site) is null or { IsOver: true } && site.Revocation() is null;

    /// <summary>
    /// Whether the site wrote this while it was evicted, before it heard of it: nobody had seen it when the others stopped to wait.
    /// </summary>
    public static bool WasUnseen(Entity site, Dot dot)
    {
        if (Of(site) is not { } eviction || eviction.Known.Covers(dot))
        {
            return false;
        }

        return site.Json(SiteFields.Returned, SitesJson.Default.Homecoming) is not { } home || home.Of != eviction.At || home.Until.Covers(dot);
    }
}

/// <summary>An evicted site has heard that it is.</summary>
/// <param name="Of">The <see cref="Eviction.At"/> of which it has heard.</param>
/// <param name="Until">All that it had written by then, as <see cref="Positions"/>.</param>
internal sealed record Homecoming(string Of, SortedDictionary<string, long> Until);
