using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Site;

internal sealed class SiteJoinCommand : DataCommand
{
    private readonly Argument<string> _token = new("TOKEN") { Description = "What `skerry site invite` printed; - reads it from standard input." };

    private readonly Option<string> _advertise = new("--advertise")
    {
        Description = "Where the inviting site dials this one; else what this site's configuration says.",
        HelpName = "HOST:PORT",
    };

    public SiteJoinCommand()
        : base(
            "join",
            "Let the site that you are logged in to join the cloud that invited it, or add a link within one cloud.",
            "skerry --os-cloud south site join eyJjbG91ZCI6…",
            "skerry --os-cloud hub site invite south | skerry --os-cloud south site join - --advertise south.example:8777")
    {
        Arguments.Add(_token);
        Options.Add(_advertise);
    }

    public override IView View => SiteView.Join;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var token = invocation.Get(_token);
        if (token == "-")
        {
            token = (await invocation.Surroundings.In.ReadLineAsync(cancellationToken))?.Trim();
        }

        if (string.IsNullOrWhiteSpace(token))
        {
            throw new UsageException("The token is empty.", "Get one with `skerry site invite` at a site of the cloud.");
        }

        var join = await invocation.Client.Sites.JoinAsync(new SiteJoinRequest(token, invocation.Get(_advertise)), cancellationToken);
        invocation.Talk.Say(join.Adopted
            ? $"Joined the cloud of {join.InvitedBy.Name}, and forgot the users that this site had. Its own admin-openrc and clouds.yaml count no more "
                + $"(it keeps them as *.before-join): log in with those of {join.InvitedBy.Name}, and reach this site with --os-region-name."
            : $"Linked with {join.InvitedBy.Name}.");
        invocation.Print(SiteView.Join, join);
        return ExitCodes.Done;
    }
}
