using Skerry.Domain.Sites;

namespace Skerry.Domain.Alerts;

/// <summary>Sites that wrote what was not theirs to write. It has no effect anywhere; that it was tried is what a person should know.</summary>
public sealed class RefusedChangeAlerts(SiteContext site) : IAlertSource
{
    private const int MostTold = 10;

    public IEnumerable<Alert> Standing() =>
        site.Replica.RefusedChanges.GroupBy(r => r.Dot.Site).Select(g =>
        {
            var name = SiteNames.Of(site.Replica, g.Key);
            return new Alert(
                "trust.not_allowed",
                g.Key.ToString(),
                AlertSeverity.Critical,
                $"Site {name} wrote {g.Count()} value{(g.Count() == 1 ? "" : "s")} that are not its to write. They have no effect at any site.",
                $"Look at site {name}: if it is in wrong hands, skerry site revoke {name}.")
            {
                Site = g.Key.ToString(),
                Evidence = [.. g.TakeLast(MostTold).Select(r => $"{r.Key} {r.Field} by {r.Author} in {r.Dot}")],
            };
        });
}
