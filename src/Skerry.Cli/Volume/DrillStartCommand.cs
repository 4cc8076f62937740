using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class DrillStartCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    private readonly Option<string> _at = new("--at")
    {
        Description = "The site of the replica; not needed where there is only one.",
        HelpName = "SITE",
    };

    private readonly Option<string> _limit = DrillLimit.Create();

    public DrillStartCommand()
        : base(
            "start",
            "Try a failover: make a clone of a replica that takes writes, under an id of its own. Replication goes on, and nothing of the clone is replicated.",
            "skerry volume drill start data --wait",
            "skerry volume drill start data --at south --limit 2h --wait -f value -c id")
    {
        Arguments.Add(_volume);
        Options.Add(_at);
        Options.Add(_limit);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => DrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var limitSeconds = DrillLimit.Seconds(invocation, _limit);
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var reply = await invocation.Client.Drills.StartAsync(volume.Id, new(invocation.Get(_at), limitSeconds), cancellationToken);
        var drill = reply.Drill;
        if (invocation.IsWaiting && reply.OperationId is { } operation)
        {
            await invocation.Waits.ForOperationAsync(operation, cancellationToken);
            drill = await invocation.Client.Drills.ShowAsync(drill.Id, cancellationToken);
            invocation.Talk.Say($"Connect to it at {drill.Site}: skerry volume connect {drill.Id}");
        }

        invocation.Print(DrillView.Drill, drill);
        return ExitCodes.Done;
    }
}
