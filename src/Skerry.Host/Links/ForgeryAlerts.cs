using System.Globalization;
using Skerry.Domain;
using Skerry.Domain.Alerts;
using Skerry.Domain.Sites;
using Skerry.State.Clocks;
using Skerry.Sync.Protocol;

namespace Skerry.Host.Links;

/// <summary>Peers that brought what another site is said to have made and has not; each for a day after it last happened.</summary>
internal sealed class ForgeryAlerts(SiteContext site, SiteLocal local) : IAlertSource
{
    private static readonly TimeSpan ToldFor = TimeSpan.FromDays(1);

    public IEnumerable<Alert> Standing() =>
        local.Forgeries.All.Where(f => site.Now - f.At < ToldFor).Select(f => new Alert(
            "trust.forged",
            $"{f.Bringer}~{f.Maker}",
            AlertSeverity.Critical,
            $"Site {NameOf(f.Bringer)} brought changes in the name of site {NameOf(f.Maker)} which that site has not made. None was taken, and the link was closed.",
            $"Look at site {NameOf(f.Bringer)}: if it is in wrong hands, skerry site revoke {NameOf(f.Bringer)}; if it was put back from a copy or is damaged, let it join again.")
        {
            Site = f.Bringer.ToString(),
            Evidence = [f.Text, $"maker {f.Maker}", $"brought by {f.Bringer}", $"last at {f.At.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}"],
        });

    private string NameOf(SiteId id) => SiteNames.Of(site.Replica, id);
}
