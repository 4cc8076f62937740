using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotShowCommand : DataCommand
{
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "Name or id of the snapshot." };

    public SnapshotShowCommand()
        : base("show", "Show a snapshot.", "skerry snapshot show before-upgrade") => Arguments.Add(_snapshot);

    public override IView View => SnapshotView.Snapshot;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(SnapshotView.Snapshot, await invocation.Names.SnapshotAsync(invocation.Get(_snapshot), cancellationToken));
        return ExitCodes.Done;
    }
}
