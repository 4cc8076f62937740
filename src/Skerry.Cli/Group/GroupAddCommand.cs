using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupAddCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();
    private readonly Argument<string> _volume = GroupArgument.Volume();

    public GroupAddCommand()
        : base("add", "Add a volume to a group; when the group is replicated, so is the volume.", "skerry group add database logs")
    {
        Arguments.Add(_group);
        Arguments.Add(_volume);
    }

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        invocation.Print(GroupView.Group, await invocation.Client.Groups.AddAsync(invocation.Get(_group), volume.Id, cancellationToken));
        return ExitCodes.Done;
    }
}
