using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationSyncCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationSyncCommand()
        : base("sync", "Bring the replica up to now, whatever the schedule says.", "skerry replication sync data --wait")
    {
        Arguments.Add(_replication);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var found = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var reply = await invocation.Client.Replications.ActAsync(found.Id, "sync", cancellationToken);
        var replication = reply.Replication;
        if (invocation.IsWaiting)
        {
            if (reply.OperationId is { } operation)
            {
                await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            }

            replication = await invocation.Waits.ForReplicaAsync(found.Id, found, cancellationToken);
        }

        invocation.Print(ReplicationView.Replication, replication);
        return ExitCodes.Done;
    }
}
