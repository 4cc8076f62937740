using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteRotateCertificateCommand : DataCommand
{
    private readonly Argument<string> _site = SiteArgument.Create();
    private readonly Option<bool> _now = new("--now")
    {
        Description = "Do not wait until every site accepts the next certificate: those that have not heard of it find this site foreign until they have.",
    };

    public SiteRotateCertificateCommand()
        : base(
            "rotate-certificate",
            "Replace the certificate of the site that is asked, with a key of its own; links go on (administrators).",
            "skerry site rotate-certificate north",
            "skerry site rotate-certificate north --now")
    {
        Arguments.Add(_site);
        Options.Add(_now);
    }

    public override IView View => SiteView.Site;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var site = await invocation.Names.SiteAsync(invocation.Get(_site), cancellationToken);
        invocation.Print(
            SiteView.Site, await invocation.Client.Sites.RotateCertificateAsync(site.Id, invocation.Get(_now), cancellationToken));
        return ExitCodes.Done;
    }
}
