using Skerry.Cli.Output;

namespace Skerry.Cli.Site;

internal sealed class SiteInvitationsCommand() : DataCommand("invitations", "Show invitations that are not yet forgotten (administrators).", "skerry site invitations")
{
    public override IView View => SiteView.Invitation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(SiteView.Invitation, await invocation.Client.Sites.InvitationsAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
