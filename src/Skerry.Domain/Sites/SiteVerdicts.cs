namespace Skerry.Domain.Sites;

/// <summary>What persons decided about sites.</summary>
internal static class SiteVerdicts
{
    /// <summary>A person made sure that the site writes nothing any more.</summary>
    public static bool IsFenced(StateView state, string siteId) =>
        state.Find(EntityKinds.Site, siteId)?.Json(SiteFields.Verdict, SitesJson.Default.Verdict) is { State: Verdict.Fenced };
}
