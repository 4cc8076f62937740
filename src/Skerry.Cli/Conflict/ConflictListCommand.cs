using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Conflict;

internal sealed class ConflictListCommand : DataCommand
{
    private readonly ConflictOptions _which = new();

    private readonly Option<string> _type = new("--type")
    {
        Description = "Only those of this type: values, delete, lifecycle, reference, pending-delete, name.",
        HelpName = "TYPE",
    };

    public ConflictListCommand()
        : base(
            "list",
            "Show conflicts that stand: the value that won, and those that were kept.",
            "skerry conflict list",
            "skerry conflict list --kind volume --site north",
            "skerry conflict list -f json")
    {
        _which.AddTo(this);
        Options.Add(_type);
    }

    public override IView View => ConflictView.Conflict;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var query = _which.Read(invocation, invocation.Get(_type));
        invocation.Print(ConflictView.Conflict, await invocation.Client.Conflicts.ListAsync(query, cancellationToken));
        return ExitCodes.Done;
    }
}
