using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationResumeCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationResumeCommand()
        : base("resume", "Go on shipping; what was owed is caught up with.", "skerry replication resume data") => Arguments.Add(_replication);

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var reply = await invocation.Client.Replications.ActAsync(replication.Id, "resume", cancellationToken);
        invocation.Print(ReplicationView.Replication, reply.Replication);
        return ExitCodes.Done;
    }
}
