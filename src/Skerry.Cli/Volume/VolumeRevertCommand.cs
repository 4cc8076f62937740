using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeRevertCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "Name or id of one of its snapshots." };

    public VolumeRevertCommand()
        : base(
            "revert",
            "Give a volume that nobody uses the content of one of its snapshots. What was written since is gone; all its snapshots stay.",
            "skerry volume revert data before-upgrade --wait")
    {
        Arguments.Add(_volume);
        Arguments.Add(_snapshot);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var snapshot = await invocation.Names.SnapshotAsync(invocation.Get(_snapshot), cancellationToken);
        var reply = await invocation.Client.Volumes.RevertAsync(volume.Id, snapshot.Id, cancellationToken);
        return await VolumeOutcome.PrintAsync(invocation, reply, cancellationToken);
    }
}
