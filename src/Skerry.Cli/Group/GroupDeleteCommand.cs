using System.CommandLine;

namespace Skerry.Cli.Group;

internal sealed class GroupDeleteCommand : SkerryCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    public GroupDeleteCommand()
        : base("delete", "End a group. Its volumes and their replications stay, each on its own.", "skerry group delete database") => Arguments.Add(_group);

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await invocation.Client.Groups.DeleteAsync(invocation.Get(_group), cancellationToken);
        invocation.Talk.Say($"Group {invocation.Get(_group)} is ended; its volumes are not cut together any more.");
        return ExitCodes.Done;
    }
}
