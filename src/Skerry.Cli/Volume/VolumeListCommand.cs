using System.CommandLine;
using Skerry.Cli.Output;

namespace Skerry.Cli.Volume;

internal sealed class VolumeListCommand : DataCommand
{
    private readonly Option<string> _name = new("--name") { Description = "Only those of this name.", HelpName = "NAME" };
    private readonly Option<string> _site = new("--site") { Description = "Only those that this site holds.", HelpName = "SITE" };
    private readonly Option<string> _status = new("--status") { Description = "Only those in this status.", HelpName = "STATUS" };

    public VolumeListCommand()
        : base(
            "list",
            "Show volumes.",
            "skerry volume list",
            "skerry volume list --site south -c name -c replication_status",
            "skerry volume list --all-projects -f json")
    {
        Options.Add(_name);
        Options.Add(_site);
        Options.Add(_status);
        Options.Add(SharedOptions.AllProjects);
    }

    public override IView View => VolumeView.Volume;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volumes = await invocation.Client.Volumes.ListAsync(
            invocation.Get(_name),
            invocation.Get(_site),
            invocation.Get(_status),
            invocation.Get(SharedOptions.AllProjects),
            cancellationToken);
        invocation.Print(VolumeView.Volume, volumes);
        return ExitCodes.Done;
    }
}
