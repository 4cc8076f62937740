using System.CommandLine;

namespace Skerry.Cli.Site;

internal sealed class SiteRevokeInvitationCommand : SkerryCommand
{
    private readonly Argument<string> _invitation = new("INVITATION") { Description = "Id of the invitation, as `skerry site invitations` shows it." };

    public SiteRevokeInvitationCommand()
        : base("revoke-invitation", "Make an open invitation void (administrators).", "skerry site revoke-invitation 0f6c4f0e-9d3a-4c86-8f1e-5f0b8c1f7a10") =>
        Arguments.Add(_invitation);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await invocation.Client.Sites.RevokeAsync(invocation.Get(_invitation), cancellationToken);
        return ExitCodes.Done;
    }
}
