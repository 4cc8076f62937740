using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Group;

internal sealed class GroupDrillListCommand : DataCommand
{
    private readonly Option<string> _group = new("--group") { Description = "Only those of this group.", HelpName = "GROUP" };

    public GroupDrillListCommand()
        : base("list", "Show drills of groups, and when they end.", "skerry group drill list", "skerry group drill list --group database -f json") =>
        Options.Add(_group);

    public override IView View => GroupDrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var group = invocation.Get(_group) is { } name ? await invocation.Client.Groups.ShowAsync(name, cancellationToken) : null;
        invocation.Print(GroupDrillView.Drill, await invocation.Client.Drills.ListOfGroupsAsync(group?.Id, cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class GroupDrillShowCommand : DataCommand
{
    private readonly Argument<string> _drill = Volume.DrillArgument.Create();

    public GroupDrillShowCommand()
        : base("show", "Show a drill of a group.", "skerry group drill show 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21") => Arguments.Add(_drill);

    public override IView View => GroupDrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(GroupDrillView.Drill, await invocation.Client.Drills.ShowOfGroupAsync(invocation.Get(_drill)!, cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class GroupDrillStopCommand : SkerryCommand
{
    private readonly Argument<string> _drill = Volume.DrillArgument.Create();

    public GroupDrillStopCommand()
        : base(
            "stop",
            "Drop all clones of a group's drill with what was written to them, and end their connections. Replication is not touched.",
            "skerry group drill stop 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --wait")
    {
        Arguments.Add(_drill);
        Options.Add(SharedOptions.Wait);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var reply = await invocation.Client.Drills.StopOfGroupAsync(invocation.Get(_drill)!, cancellationToken);
        if (reply.OperationId is { } operation && invocation.IsWaiting)
        {
            await invocation.Waits.ForOperationAsync(operation, cancellationToken);
        }

        invocation.Talk.Say($"The drill of group {reply.Drill.GroupName} at {reply.Drill.Site} {(invocation.IsWaiting ? "is dropped" : "is being dropped")}.");
        return ExitCodes.Done;
    }
}
