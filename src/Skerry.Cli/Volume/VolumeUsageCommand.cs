using System.CommandLine;
using System.Text.Json;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal sealed class VolumeUsageCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();
    private readonly Option<string?> _site = new("--site") { Description = "Of the copy at this site, such as the replica's; else where the volume is.", HelpName = "SITE" };

    public VolumeUsageCommand()
        : base(
            "usage",
            "Show what a volume and each of its snapshots take: what deleting them would give back, and what is shared (administrators). "
            + "The site that holds the copy goes through its maps for it, and this waits until it has.",
            "skerry volume usage data",
            "skerry volume usage data --site south -f json")
    {
        Arguments.Add(_volume);
        Options.Add(_site);
    }

    public override IView View => VolumeView.Usage;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var reply = await invocation.Client.Volumes.UsageAsync(volume.Id, invocation.Get(_site), cancellationToken);
        var operation = await invocation.Waits.ForOperationAsync(reply.OperationId!, cancellationToken);
        var usage = operation.Result?.Deserialize(SkerryJson.Default.VolumeUsageResult)
            ?? throw new DidNotSucceedException($"Operation {operation.Id} has no result.", $"More: skerry operation show {operation.Id}");
        invocation.Print(
            VolumeView.Usage,
            new VolumeUsageRow(
                volume.Id, volume.Name, operation.TargetSite, usage.AllocatedBytes, usage.ExclusiveBytes, usage.SharedBytes, usage.HeadBytes,
                usage.IsComplete, usage.Snapshots));
        return ExitCodes.Done;
    }
}
