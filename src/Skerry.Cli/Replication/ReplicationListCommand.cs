using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Replication;

internal sealed class ReplicationListCommand : DataCommand
{
    private readonly Option<string> _volume = new("--volume") { Description = "Only those of this volume.", HelpName = "VOLUME" };

    public ReplicationListCommand()
        : base("list", "Show replications: state, lag and last recovery point.", "skerry replication list", "skerry replication list -f json") =>
        Options.Add(_volume);

    public override IView View => ReplicationView.Replication;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = invocation.Get(_volume) is { } name ? await invocation.Names.VolumeAsync(name, cancellationToken) : null;
        invocation.Print(ReplicationView.Replication, await invocation.Client.Replications.ListAsync(volume?.Id, cancellationToken));
        return ExitCodes.Done;
    }
}
