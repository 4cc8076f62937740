using System.Globalization;
using Skerry.Domain.Sites;
using Skerry.State.Merging;

namespace Skerry.Domain.Alerts;

/// <summary>Sites whose peers agree that their clock is off, as each such site says of itself; known wherever its record has come.</summary>
/// <param name="site">This site.</param>
/// <param name="bound">Told beyond this.</param>
public sealed class ClockAlerts(SiteContext site, TimeSpan bound) : IAlertSource
{
    public IEnumerable<Alert> Standing()
    {
        foreach (var other in StateView.Of(site.Replica).List(EntityKinds.Site))
        {
            if (ClockRecord.Of(other) is { } clock && (clock.IsUnsure || clock.Ahead.Duration() > bound))
            {
                yield return Of(other, clock);
            }
        }
    }

    private static Alert Of(Entity other, ClockRecord clock)
    {
        var name = other.Text(SiteFields.Name, other.Id);
        var off = $"{Seconds(clock.AheadMilliseconds > 0 ? clock.AheadMilliseconds : -clock.AheadMilliseconds)} s {(clock.AheadMilliseconds > 0 ? "behind" : "ahead")}";
        return new Alert(
            "clock.off",
            other.Id,
            clock.IsUnsure ? AlertSeverity.Critical : AlertSeverity.Warning,
            $"The clock of site {name} is {off}, as more than half of the sites that it is linked with agree; "
                + (clock.IsUnsure ? "until it is set its writes lose against all that others write at the same time." : "its stamps are corrected."),
            $"Set the clock of {name} by a time server.")
        {
            Site = other.Id,
            Evidence = [$"added to its wall clock for its stamps: {Seconds(clock.CorrectionMilliseconds)} s"],
        };
    }

    private static string Seconds(long milliseconds) => (milliseconds / 1000.0).ToString("0.000", CultureInfo.InvariantCulture);
}
