using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictHistoryCommand : DataCommand
{
    private readonly ConflictOptions _which = new();

    public ConflictHistoryCommand()
        : base(
            "history",
            "Show conflicts that were settled, newest first.",
            "skerry conflict history",
            "skerry conflict history --kind volume -f json") => _which.AddTo(this);

    public override IView View => ConflictView.Settled;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(ConflictView.Settled, await invocation.Client.Conflicts.HistoryAsync(_which.Read(invocation), cancellationToken));
        return ExitCodes.Done;
    }
}
