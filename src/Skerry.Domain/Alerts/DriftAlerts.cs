using System.Globalization;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Alerts;

/// <summary>Clocks of neighbours that are apart from this site's, as heartbeats measure it.</summary>
/// <param name="site">This site.</param>
/// <param name="links">Where it is measured.</param>
/// <param name="bound">Told beyond this, until it is within half of it.</param>
public sealed class DriftAlerts(SiteContext site, ILinkStatus links, TimeSpan bound) : IAlertSource
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public IEnumerable<Alert> Standing()
    {
        var names = new SiteDirectory(site, StateView.Of(site.Replica));
        var alerts = new List<Alert>();
        foreach (var report in links.Reports)
        {
            var peer = report.Peer.ToString();
            if (report.DriftMilliseconds is { } drift && Math.Abs(drift) > (_told.Contains(peer) ? bound / 2 : bound).TotalMilliseconds)
            {
                _told.Add(peer);
                alerts.Add(Of(peer, names.NameOf(peer), drift, report.RoundTripMilliseconds));
            }
            else
            {
                _told.Remove(peer);
            }
        }

        return alerts;
    }

    private Alert Of(string peer, string name, double driftMilliseconds, double? roundTripMilliseconds)
    {
        var apart = Seconds(Math.Abs(driftMilliseconds));
        return new Alert(
            "clock.drift",
            peer,
            AlertSeverity.Warning,
            $"The clock of site {name} is {apart} s {(driftMilliseconds > 0 ? "ahead of" : "behind")} the one of site {site.SiteName}.",
            "Set both by the same time server.")
        {
            Site = peer,
            Evidence =
            [
                $"measured over the link: {Seconds(driftMilliseconds)} s, right to {Seconds((roundTripMilliseconds ?? 0) / 2)} s",
                $"told beyond {Seconds(bound.TotalMilliseconds)} s",
            ],
        };
    }

    private static string Seconds(double milliseconds) => (milliseconds / 1000).ToString("0.000", CultureInfo.InvariantCulture);
}
