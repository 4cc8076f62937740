using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictListCommand() : DataCommand(
    "list",
    "Show conflicts that stand: the value that won, and those that were kept.",
    "skerry conflict list",
    "skerry conflict list -f json")
{
    public override IView View => ConflictView.Conflict;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(ConflictView.Conflict, await invocation.Client.Conflicts.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
