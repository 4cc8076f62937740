using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationHistoryCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationHistoryCommand()
        : base(
            "history",
            "Show the last hundred transfers, newest first. Each site knows what it saw: ask the source's site for those that failed, too.",
            "skerry replication history data",
            "skerry replication history data -f json") => Arguments.Add(_replication);

    public override IView View => ReplicationView.Transfer;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var replication = await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken);
        var history = await invocation.Client.Replications.HistoryAsync(replication.Id, cancellationToken);
        if (history.Transfers.Count == 0)
        {
            invocation.Talk.Say(
                $"Site {history.Site} has seen no transfer of it. The source is {replication.SourceSite ?? "nobody now"}, the target {replication.TargetSite}.");
        }

        invocation.Print(ReplicationView.Transfer, history.Transfers);
        return ExitCodes.Done;
    }
}
