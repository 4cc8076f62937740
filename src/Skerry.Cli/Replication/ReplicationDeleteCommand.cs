using System.CommandLine;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationDeleteCommand : SkerryCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationDeleteCommand()
        : base("delete", "End a replication. The replica's data stays at its site for the configured time.", "skerry replication delete data") =>
        Arguments.Add(_replication);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        await invocation.Client.Replications.DeleteAsync(replication.Id, cancellationToken);
        invocation.Talk.Say($"The replication of {replication.VolumeName ?? replication.VolumeId} to {replication.TargetSite} is ended.");
        return ExitCodes.Done;
    }
}
