using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupRemoveCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();
    private readonly Argument<string> _volume = GroupArgument.Volume();

    public GroupRemoveCommand()
        : base("remove", "Take a volume out of a group; its replication stays, and is its own from then on.", "skerry group remove database logs")
    {
        Arguments.Add(_group);
        Arguments.Add(_volume);
    }

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        invocation.Print(GroupView.Group, await invocation.Client.Groups.RemoveAsync(invocation.Get(_group), volume.Id, cancellationToken));
        return ExitCodes.Done;
    }
}
