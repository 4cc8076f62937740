using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Backend;

internal sealed class BackendListCommand : DataCommand
{
    private readonly Option<string?> _site = new("--site") { Description = "Only those of this site.", HelpName = "SITE" };

    public BackendListCommand()
        : base(
            "list", "Show the backends of all sites and their space, as each site last reported it (administrators).", "skerry backend list",
            "skerry backend list --site south -f value -c name -c fullness") => Options.Add(_site);

    public override IView View => BackendView.Backend;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var sites = invocation.Get(_site) is { } name
            ? [await invocation.Names.SiteAsync(name, cancellationToken)]
            : await invocation.Client.Sites.ListAsync(cancellationToken);
        invocation.Print(BackendView.Backend, (IReadOnlyList<BackendRow>)[.. sites.SelectMany(BackendView.Of)]);
        return ExitCodes.Done;
    }
}
