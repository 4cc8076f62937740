using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Alert;

internal static class AlertView
{
    public static readonly View<AlertRecord> Alert = new(
        "alert",
        OutputJson.Default.AlertRecord,
        new("id", "Its kind and what it is about.", a => a.Id),
        new("kind", "Words joined by dots, as clock.drift.", a => a.Kind, IsBrief: false),
        new("severity", "warning, or critical: a promise is in danger, or something is so that should never be.", a => a.Severity),
        new("site_id", "The site that it is about.", a => a.SiteId, IsBrief: false),
        new("site_name", "Its name.", a => a.SiteName),
        new("since", "Since when, by the clock of the site that is asked.", a => a.Since),
        new("text", "What is so, in a sentence.", a => a.Text),
        new("evidence", "What the sentence is drawn from.", a => string.Join('\n', a.Evidence), IsBrief: false),
        new("next_step", "What to do.", a => a.NextStep, IsBrief: false));
}
