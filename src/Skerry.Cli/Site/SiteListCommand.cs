using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteListCommand() : DataCommand(
    "list",
    "Show all sites of the cloud, and how old the news of each is.",
    "skerry site list",
    "skerry site list -f value -c name -c state")
{
    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(SiteView.Site, await invocation.Client.Sites.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
