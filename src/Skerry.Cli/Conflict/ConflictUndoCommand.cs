using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictUndoCommand : SkerryCommand
{
    private readonly Argument<string> _settled = new("SETTLED") { Description = "Id of the settled conflict, from `skerry conflict history`." };

    private readonly Option<int?> _pick = new("--pick")
    {
        Description = "Which of the replaced values, beginning with 0, whatever was written since; else the only other one, if nothing was.",
        HelpName = "N",
    };

    public ConflictUndoCommand()
        : base(
            "undo",
            "Put back a value that the settlement of a conflict replaced. That is a write like any other.",
            "skerry conflict undo SETTLED",
            "skerry conflict undo SETTLED --pick 1")
    {
        Arguments.Add(_settled);
        Options.Add(_pick);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var id = invocation.Get(_settled);
        await invocation.Client.Conflicts.UndoAsync(id, new ConflictUndoRequest(invocation.Get(_pick)), cancellationToken);
        invocation.Talk.Say($"What {id} replaced is back.");
        return ExitCodes.Done;
    }
}
