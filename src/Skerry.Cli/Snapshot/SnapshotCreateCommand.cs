using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotCreateCommand : DataCommand
{
    private readonly Argument<string> _volume = new("VOLUME") { Description = "Name or id of the volume." };
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the new snapshot." };
    private readonly Option<string> _description = new("--description") { Description = "Free text.", HelpName = "TEXT" };

    public SnapshotCreateCommand()
        : base("create", "Take a snapshot of a volume.", "skerry snapshot create data before-upgrade --wait")
    {
        Arguments.Add(_volume);
        Arguments.Add(_name);
        Options.Add(_description);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => SnapshotView.Snapshot;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var reply = await invocation.Client.Snapshots.CreateAsync(
            new SnapshotCreateRequest(volume.Id, invocation.Get(_name), invocation.Get(_description)), cancellationToken);
        var snapshot = reply.Snapshot;
        if (invocation.IsWaiting)
        {
            snapshot = await invocation.Waits.ForSnapshotAsync(snapshot.Id, reply.OperationId, cancellationToken);
        }
        else if (reply.OperationId is { } operation)
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {operation}");
        }

        invocation.Print(SnapshotView.Snapshot, snapshot);
        return ExitCodes.Done;
    }
}
