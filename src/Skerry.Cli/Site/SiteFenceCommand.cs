using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteFenceCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();

    public SiteFenceCommand()
        : base(
            "fence",
            "Confirm that a site is down and that nothing there writes to its storage any more.",
            "skerry site fence south",
            "skerry site fence south --yes")
    {
        Arguments.Add(_site);
        Options.Add(SharedOptions.Yes);
    }

    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        invocation.Talk.Confirm(
            $"Is it certain that nothing at {site.Name} ({site.State}) still writes to its storage?", invocation.Get(SharedOptions.Yes));
        invocation.Print(SiteView.Site, await invocation.Client.Sites.FenceAsync(site.Id, cancellationToken));
        return ExitCodes.Done;
    }
}
