using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Cli.Volume;

namespace Skerry.Cli.Group;

internal sealed class GroupDrillStartCommand : DataCommand
{
    private readonly Argument<string> _group = GroupArgument.Create();

    private readonly Option<string> _cut = new("--cut")
    {
        Description = "The instant to try, one of the group's recovery_points; else the newest.",
        HelpName = "CUT",
    };

    private readonly Option<string> _limit = DrillLimit.Create();

    public GroupDrillStartCommand()
        : base(
            "start",
            "Try a failover of a group: make a clone of each replica that takes writes, all of one instant. Replication goes on, and nothing of the clones is replicated.",
            "skerry group drill start database --wait",
            "skerry group drill start database --limit 2h --wait -f value -c drill_ids")
    {
        Arguments.Add(_group);
        Options.Add(_cut);
        Options.Add(_limit);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => GroupDrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var limitSeconds = DrillLimit.Seconds(invocation, _limit);
        var reply = await invocation.Client.Drills.StartOfGroupAsync(
            invocation.Get(_group)!, new(invocation.Get(_cut), limitSeconds), cancellationToken);
        var drill = reply.Drill;
        if (invocation.IsWaiting && reply.OperationId is { } operation)
        {
            await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            drill = await invocation.Client.Drills.ShowOfGroupAsync(drill.Id, cancellationToken);
            foreach (var member in drill.Drills)
            {
                invocation.Talk.Say($"Connect to {member.VolumeName ?? member.VolumeId} at {drill.Site}: skerry volume connect {member.Id}");
            }
        }

        invocation.Print(GroupDrillView.Drill, drill);
        return ExitCodes.Done;
    }
}
