using System.CommandLine;

namespace Skerry.Blocks.Tool;

internal sealed class DeleteCommand : ToolCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The volume." };

    public DeleteCommand()
        : base("delete", "Delete a volume and its snapshots.", "skerry-blocks delete ./store root") => Arguments.Add(_name);

    protected override async Task<int> RunAsync(ParseResult parsed, string directory, CancellationToken cancellationToken)
    {
        var name = parsed.GetValue(_name)!;
        await using var store = await OpenAsync(directory, cancellationToken);
        await store.OpenAsync(name, cancellationToken);
        await store.DeleteAsync(name, cancellationToken);
        return ExitCodes.Done;
    }
}
