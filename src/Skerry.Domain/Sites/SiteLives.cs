namespace Skerry.Domain.Sites;

/// <summary>What this site remembers of the lives of others from one look to the next: how often they were lost, and which votes are renewed.</summary>
public sealed class SiteLives(SiteContext site, ILinkStatus links)
{
    internal FlapDamping Damping { get; } = new(site.Time);

    internal WitnessVotes Votes { get; } = new(site.Time);

    /// <summary>The lives of all sites now.</summary>
    internal AlivenessMap Map(StateView state) => new(site.SelfText, state, links, site.Now, this);
}
