using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationPauseCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationPauseCommand()
        : base("pause", "Stop shipping, until it is resumed; the replica keeps its last recovery point.", "skerry replication pause data") => Arguments.Add(_replication);

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var reply = await invocation.Client.Replications.ActAsync(replication.Id, "pause", cancellationToken);
        invocation.Print(ReplicationView.Replication, reply.Replication);
        return ExitCodes.Done;
    }
}
