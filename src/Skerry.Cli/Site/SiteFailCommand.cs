using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteFailCommand : SiteActionCommand
{
    public SiteFailCommand()
        : base("fail", "Confirm that a site is lost. Refused while it is heard.", "skerry site fail south --reason fire") =>
        Options.Add(SharedOptions.Yes);

    protected override string Question(SiteRecord site) => $"Is {site.Name} ({site.State}) lost for certain?";
}
