using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteFenceCommand : SiteActionCommand
{
    public SiteFenceCommand()
        : base(
            "fence",
            "Confirm that nothing at a site writes any more; its connections are refused from then on.",
            "skerry site fence south",
            "skerry site fence south --yes") => Options.Add(SharedOptions.Yes);

    protected override string Question(SiteRecord site) =>
        $"Is it certain that nothing at {site.Name} ({site.State}) still writes to its storage?";
}
