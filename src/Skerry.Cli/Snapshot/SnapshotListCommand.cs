using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotListCommand : DataCommand
{
    private readonly Option<string> _volume = new("--volume") { Description = "Only those of this volume.", HelpName = "VOLUME" };

    public SnapshotListCommand()
        : base(
            "list",
            "Show snapshots, those that keep what diverged included.",
            "skerry snapshot list",
            "skerry snapshot list --volume data -f value -c name")
    {
        Options.Add(_volume);
        Options.Add(SharedOptions.AllProjects);
    }

    public override IView View => SnapshotView.Snapshot;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = invocation.Get(_volume) is { } name ? await invocation.Names.VolumeAsync(name, cancellationToken) : null;
        invocation.Print(
            SnapshotView.Snapshot,
            await invocation.Client.Snapshots.ListAsync(null, volume?.Id, invocation.Get(SharedOptions.AllProjects), cancellationToken));
        return ExitCodes.Done;
    }
}
