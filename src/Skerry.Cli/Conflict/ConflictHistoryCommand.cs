using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictHistoryCommand : DataCommand
{
    private readonly Option<string> _entity = new("--entity") { Description = "Only those of the thing with this id.", HelpName = "ID" };

    public ConflictHistoryCommand()
        : base("history", "Show conflicts that were settled, newest first.", "skerry conflict history") => Options.Add(_entity);

    public override IView View => ConflictView.Conflict;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(
            ConflictView.Conflict, await invocation.Client.Conflicts.HistoryAsync(invocation.Get(_entity), cancellationToken));
        return ExitCodes.Done;
    }
}
