using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeConnectionsCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();

    public VolumeConnectionsCommand()
        : base("connections", "Show who is connected to a volume or its snapshots.", "skerry volume connections data") => Arguments.Add(_volume);

    public override IView View => VolumeView.Connection;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        invocation.Print(VolumeView.Connection, await invocation.Client.Volumes.ConnectionsAsync(volume.Id, cancellationToken));
        return ExitCodes.Done;
    }
}
