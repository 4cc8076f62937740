using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteConnectCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();

    public SiteConnectCommand()
        : base("connect", "Take a link that was disconnected by hand into use again.", "skerry site connect south") => Arguments.Add(_site);

    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        site = await invocation.Client.Sites.ConnectAsync(site.Id, cancellationToken);
        invocation.Talk.Say($"Site {site.Name} is to be connected again.");
        invocation.Print(SiteView.Site, site);
        return ExitCodes.Done;
    }
}
