using System.Globalization;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Alerts;

/// <summary>Neighbours that have seen the same as this site and hold something else, which should never be.</summary>
/// <param name="site">This site.</param>
/// <param name="links">Where it is compared.</param>
public sealed class DifferenceAlerts(SiteContext site, ILinkStatus links) : IAlertSource
{
    public IEnumerable<Alert> Standing()
    {
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        return [.. links.Differences.Select(difference => Of(difference, names.NameOf(difference.Peer.ToString())))];
    }

    private Alert Of(SiteDifference difference, string name) => new(
        "state.difference",
        difference.Peer.ToString(),
        AlertSeverity.Critical,
        $"The sites {site.SiteName} and {name} have seen the same writes and hold different state.",
        $"Nothing is repaired by itself. Keep a copy of the data directories of both; see which of the two differs from a third site, "
            + "and let that one join the cloud again. Report it with this evidence: it is a fault of the program or of a disk.")
    {
        Site = difference.Peer.ToString(),
        Since = difference.Since,
        Evidence =
        [
            $"both have seen: {difference.Vector}",
            string.Create(CultureInfo.InvariantCulture, $"entities found so far that differ: {difference.Entities.Count}, shown are the first of them"),
            .. difference.Entities.SelectMany(entity => entity.Evidence.Prepend($"{entity.Key}:")),
        ],
    };
}
