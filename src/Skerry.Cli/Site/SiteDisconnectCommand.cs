using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteDisconnectCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();

    public SiteDisconnectCommand()
        : base("disconnect", "Take down the link to a site by hand; both go on alone until it is connected again.", "skerry site disconnect south") => Arguments.Add(_site);

    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        site = await invocation.Client.Sites.DisconnectAsync(site.Id, cancellationToken);
        invocation.Talk.Say($"Site {site.Name} is disconnected from this site; both go on alone.");
        invocation.Print(SiteView.Site, site);
        return ExitCodes.Done;
    }
}
