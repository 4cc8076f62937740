using System.CommandLine;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal sealed class VolumeConnectCommand : SkerryCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    private readonly Option<string> _snapshot = new("--snapshot")
    {
        Description = "Connect this snapshot of the volume, read-only.",
        HelpName = "SNAPSHOT",
    };

    private readonly Option<bool> _readOnly = new("--read-only") { Description = "Refuse writes." };
    private readonly Option<string> _note = new("--note") { Description = "Who connects, for others to read.", HelpName = "TEXT" };

    private readonly Option<string> _client = new("--client")
    {
        Description = "Only the client whose certificate bears this common name may use it.",
        HelpName = "NAME",
    };

    public VolumeConnectCommand()
        : base(
            "connect",
            "Open a volume for an NBD client, and print its URI, which holds a secret. Asked of the site that holds the volume.",
            "skerry volume connect data",
            "nbdcopy disk.img \"$(skerry volume connect data)\"",
            "nbdinfo \"$(skerry volume connect data --snapshot before-upgrade)\"")
    {
        Arguments.Add(_volume);
        Options.Add(_snapshot);
        Options.Add(_readOnly);
        Options.Add(_note);
        Options.Add(_client);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var request = new ConnectRequest(invocation.Get(_readOnly), invocation.Get(_note), invocation.Get(_client));
        ConnectionRecord connection;
        if (invocation.Get(_snapshot) is { } wanted)
        {
            var snapshot = await invocation.Names.SnapshotAsync(wanted, cancellationToken);
            if (snapshot.VolumeId != volume.Id)
            {
                throw new UsageException(
                    $"Snapshot {wanted} is not of volume {invocation.Get(_volume)}.", $"See `skerry snapshot list --volume {volume.Id}`.");
            }

            connection = await invocation.Client.Snapshots.ConnectAsync(snapshot.Id, request with { ReadOnly = true }, cancellationToken);
        }
        else
        {
            connection = await invocation.Client.Volumes.ConnectAsync(volume.Id, request, cancellationToken);
        }

        invocation.Talk.Say($"Connected; end it with: skerry volume disconnect {volume.Id} {connection.Id}");
        await invocation.Surroundings.Out.WriteLineAsync(connection.Uri);
        return ExitCodes.Done;
    }
}
