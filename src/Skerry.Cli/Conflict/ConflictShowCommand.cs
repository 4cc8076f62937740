using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictShowCommand : DataCommand
{
    private readonly Argument<string> _conflict = new("CONFLICT") { Description = "Id of the conflict, from `skerry conflict list`." };

    public ConflictShowCommand()
        : base("show", "Show a conflict with all its values, who wrote them, where and when.", "skerry conflict show CONFLICT") =>
        Arguments.Add(_conflict);

    public override IView View => ConflictView.Conflict;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(ConflictView.Conflict, await invocation.Client.Conflicts.ShowAsync(invocation.Get(_conflict), cancellationToken));
        return ExitCodes.Done;
    }
}
