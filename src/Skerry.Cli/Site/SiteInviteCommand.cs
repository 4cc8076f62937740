using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteInviteCommand : DataCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "The name that the new site must have.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _address = new("--address")
    {
        Description = "Where the new site dials this one; else what this site advertises.",
        HelpName = "HOST:PORT",
    };

    private readonly Option<string> _valid = new("--valid")
    {
        Description = "How long the invitation can be used, as 30m or 1d.",
        HelpName = "TIME",
    };

    public SiteInviteCommand()
        : base(
            "invite",
            "Make an invitation for a new site, and print its token alone unless a format is given. The token is a secret and works once.",
            "skerry site invite south",
            "skerry site invite south --address hub.example:8777 --valid 1d",
            "TOKEN=$(skerry --os-cloud hub site invite south); skerry --os-cloud south site join \"$TOKEN\"")
    {
        Arguments.Add(_name);
        Options.Add(_address);
        Options.Add(_valid);
    }

    public override IView View => SiteView.Invitation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var validSeconds = Span.Of(invocation, _valid, "Examples: 90s, 30m, 12h, 1d.");
        var invitation = await invocation.Client.Sites.InviteAsync(
            new SiteInviteRequest(invocation.Get(_name), invocation.Get(_address), validSeconds), cancellationToken);
        invocation.Talk.Say(
            $"One site can join with this token{(invitation.ExpiresAt is { } end ? $" until {CellText.Human("expires_at", end)}" : "")}: skerry site join TOKEN, asked of that site.");
        if (invocation.Has(SharedOptions.Format) || invocation.Has(SharedOptions.Column))
        {
            invocation.Print(SiteView.Invitation, invitation);
        }
        else
        {
            await invocation.Surroundings.Out.WriteLineAsync(invitation.Token);
        }

        return ExitCodes.Done;
    }
}
