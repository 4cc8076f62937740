using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class DrillListCommand : DataCommand
{
    private readonly Option<string> _volume = new("--volume") { Description = "Only those of this volume.", HelpName = "VOLUME" };

    public DrillListCommand()
        : base("list", "Show drills, and when they end.", "skerry volume drill list", "skerry volume drill list --volume data -f json") =>
        Options.Add(_volume);

    public override IView View => DrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = invocation.Get(_volume) is { } name ? await invocation.Names.VolumeAsync(name, cancellationToken) : null;
        invocation.Print(DrillView.Drill, await invocation.Client.Drills.ListAsync(volume?.Id, cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class DrillShowCommand : DataCommand
{
    private readonly Argument<string> _drill = DrillArgument.Create();

    public DrillShowCommand()
        : base("show", "Show a drill.", "skerry volume drill show 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21") => Arguments.Add(_drill);

    public override IView View => DrillView.Drill;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(DrillView.Drill, await invocation.Client.Drills.ShowAsync(invocation.Get(_drill), cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class DrillStopCommand : SkerryCommand
{
    private readonly Argument<string> _drill = DrillArgument.Create();

    public DrillStopCommand()
        : base(
            "stop",
            "Drop a drill with what was written to it, and end its connections. Replication is not touched.",
            "skerry volume drill stop 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --wait")
    {
        Arguments.Add(_drill);
        Options.Add(SharedOptions.Wait);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var reply = await invocation.Client.Drills.StopAsync(invocation.Get(_drill), cancellationToken);
        if (reply.OperationId is { } operation && invocation.IsWaiting)
        {
            await invocation.Waits.ForOperationAsync(operation, cancellationToken);
        }

        invocation.Talk.Say($"The drill of {reply.Drill.VolumeName ?? reply.Drill.VolumeId} at {reply.Drill.Site} {(invocation.IsWaiting ? "is dropped" : "is being dropped")}.");
        return ExitCodes.Done;
    }
}

internal static class DrillArgument
{
    public static Argument<string> Create() => new("DRILL") { Description = "Id of the drill." };
}
