using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationRetargetCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    private readonly Option<string> _to = new("--to")
    {
        Description = "New site of the replica, and its backend there when it is not the site's only one.",
        HelpName = "SITE[@BACKEND]",
        Required = true,
    };

    public ReplicationRetargetCommand()
        : base(
            "retarget",
            "Move a replica to another site. What that has of the volume is not sent again; the old copy goes to the trash of its site.",
            "skerry replication retarget data --to west",
            "skerry replication retarget data --to west@ssd --wait")
    {
        Arguments.Add(_replication);
        Options.Add(_to);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var (siteName, backend) = ReplicationCreateCommand.Target(invocation.Get(_to)!);
        var found = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var site = await invocation.Names.SiteAsync(siteName, cancellationToken);
        var reply = await invocation.Client.Replications.RetargetAsync(
            found.Id, new ReplicationRetargetRequest(site.Id, backend), cancellationToken);
        var replication = invocation.IsWaiting
            ? await invocation.Waits.ForReplicaAsync(found.Id, null, cancellationToken)
            : reply.Replication;
        invocation.Print(ReplicationView.Replication, replication);
        return ExitCodes.Done;
    }
}
