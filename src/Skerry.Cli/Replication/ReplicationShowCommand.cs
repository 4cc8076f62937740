using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationShowCommand : DataCommand
{
    private readonly Argument<string> _replication = ReplicationArgument.Create();

    public ReplicationShowCommand()
        : base(
            "show",
            "Show a replication: what both sites last said of it, and when.",
            "skerry replication show data",
            "skerry replication show data -f value -c lag_bytes") => Arguments.Add(_replication);

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(
            ReplicationView.Replication, await invocation.Names.ReplicationAsync(invocation.Get(_replication), cancellationToken));
        return ExitCodes.Done;
    }
}
