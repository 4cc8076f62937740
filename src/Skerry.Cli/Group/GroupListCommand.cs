using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupListCommand() : DataCommand(
    "list", "Show consistency groups: state and recovery point.", "skerry group list", "skerry group list -f json")
{
    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(GroupView.Group, await invocation.Client.Groups.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}
