using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupSyncCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    public GroupSyncCommand()
        : base("sync", "Bring all replicas of a group up to one instant now, whatever the schedule says.", "skerry group sync database") => Arguments.Add(_group);

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(GroupView.Group, await invocation.Client.Groups.SyncAsync(invocation.Get(_group), cancellationToken));
        return ExitCodes.Done;
    }
}
