using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteLinksCommand() : DataCommand("links", "Show the links of the cloud, and what both ends last said of each (administrators).", "skerry site links")
{
    public override IView View => SiteView.Link;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(SiteView.Link, await invocation.Client.Sites.LinksAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
