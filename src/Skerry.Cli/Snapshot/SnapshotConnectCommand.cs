using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotConnectCommand : SkerryCommand
{
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "Name or id of the snapshot." };
    private readonly Option<string> _note = new("--note") { Description = "Who connects, for others to read.", HelpName = "TEXT" };

    public SnapshotConnectCommand()
        : base(
            "connect",
            "Open a snapshot read-only for an NBD client, and print its URI, which holds a secret. Asked of a site that has it.",
            "nbdcopy \"$(skerry snapshot connect diverged-3)\" before.img")
    {
        Arguments.Add(_snapshot);
        Options.Add(_note);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var snapshot = await invocation.Names.SnapshotAsync(invocation.Get(_snapshot), cancellationToken);
        var connection = await invocation.Client.Snapshots.ConnectAsync(
            snapshot.Id, new ConnectRequest(ReadOnly: true, invocation.Get(_note)), cancellationToken);
        invocation.Talk.Say($"Connected; end it with: skerry volume disconnect {snapshot.VolumeId} {connection.Id}");
        await invocation.Surroundings.Out.WriteLineAsync(connection.Uri);
        return ExitCodes.Done;
    }
}
