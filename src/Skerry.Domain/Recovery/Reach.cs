using Skerry.Domain.Sites;

namespace Skerry.Domain.Recovery;

/// <summary>Which sites are alive and reached from here, over links of this site or through another site, as far as is known.</summary>
internal sealed class Reach
{
    private readonly SiteContext _site;
    private readonly StateView _state;
    private readonly IReadOnlyList<LinkReport> _reports;
    private readonly AlivenessMap _map;

    public Reach(SiteContext site, StateView state, ILinkStatus links)
    {
        (_site, _state, _reports) = (site, state, links.Reports);
        _map = new AlivenessMap(site.SelfText, state, links, site.Now);
    }

    /// <summary>A link that stands, not one that broke a moment ago; or a site that has one to it and is reached itself.</summary>
    public bool IsConnected(string siteId) =>
        siteId == _site.SelfText
        || _reports.Any(r => r.Peer.ToString() == siteId && r.Health is LinkHealth.Live or LinkHealth.CatchingUp)
        || Via(siteId) is not null;

    /// <summary>How far a site's clock is ahead of this one's, as the link to it measured last; zero when none did.</summary>
    public TimeSpan ClockAhead(string siteId) =>
        TimeSpan.FromMilliseconds(_reports.FirstOrDefault(r => r.Peer.ToString() == siteId)?.DriftMilliseconds ?? 0);

    /// <summary>The site through which it is reached; null when it is not, or is directly.</summary>
    public string? Via(string siteId) =>
        _state.Find(EntityKinds.Site, siteId) is { } entity
        && _map.Of(entity) is { Via: { } via, Aliveness: Aliveness.Connected or Aliveness.Synchronizing }
            ? via
            : null;
}
