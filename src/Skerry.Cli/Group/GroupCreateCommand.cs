using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Group;

internal sealed class GroupCreateCommand : DataCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the group." };

    private readonly Option<string[]> _volume = new("--volume") { Description = "A volume to begin with; can be repeated.", HelpName = "VOLUME" };

    public GroupCreateCommand()
        : base(
            "create",
            "Make a consistency group: volumes that are cut at one instant, and recovered at one.",
            "skerry group create database --volume data --volume journal")
    {
        Arguments.Add(_name);
        Options.Add(_volume);
    }

    public override IView View => GroupView.Group;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volumeIds = new List<string>();
        foreach (var name in invocation.Get(_volume) ?? [])
        {
            volumeIds.Add((await invocation.Names.VolumeAsync(name, cancellationToken)).Id);
        }

        invocation.Print(
            GroupView.Group, await invocation.Client.Groups.CreateAsync(new GroupCreateRequest(invocation.Get(_name), volumeIds), cancellationToken));
        return ExitCodes.Done;
    }
}
