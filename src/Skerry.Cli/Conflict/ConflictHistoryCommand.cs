using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictHistoryCommand() : DataCommand(
    "history", "Show conflicts that were settled, newest first.", "skerry conflict history")
{
    public override IView View => ConflictView.Settled;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(ConflictView.Settled, await invocation.Client.Conflicts.HistoryAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
