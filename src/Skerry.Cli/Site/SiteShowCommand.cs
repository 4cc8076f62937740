using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteShowCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();

    public SiteShowCommand()
        : base("show", "Show a site.", "skerry site show south", "skerry site show south -f json") => Arguments.Add(_site);

    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(SiteView.Site, await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken));
        return ExitCodes.Done;
    }
}
