using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteRevokeCommand : SiteActionCommand
{
    public SiteRevokeCommand()
        : base(
            "revoke",
            "Take a site's membership away for good: every site that hears of it closes its connections and refuses its tokens.",
            "skerry site revoke south --reason stolen",
            "skerry site revoke south --yes") => Options.Add(SharedOptions.Yes);

    protected override string Question(SiteRecord site) =>
        $"Revoke {site.Name} ({site.State})? It can come back only as a new site, with an empty data directory.";
}
