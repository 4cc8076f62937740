using System.CommandLine;
using System.Text.Json;
using Skerry.Cli.Operation;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

internal sealed class VolumeCheckCommand : DataCommand
{
    private readonly Argument<string> _volume = VolumeArgument.Create();
    private readonly Option<string?> _site = new("--site") { Description = "Check the copy at this site, such as the replica's; else where the volume is.", HelpName = "SITE" };

    public VolumeCheckCommand()
        : base(
            "check",
            "Have everything that a volume and its snapshots store read and proved while it is in use, and healed from another copy where it is bad. "
            + "With --wait the exit code is 1 when something bad could not be healed.",
            "skerry volume check data --wait",
            "skerry volume check data --site south --wait -f json")
    {
        Arguments.Add(_volume);
        Options.Add(_site);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var volume = await invocation.Names.VolumeAsync(invocation.Get(_volume), cancellationToken);
        var reply = await invocation.Client.Volumes.CheckAsync(volume.Id, invocation.Get(_site), cancellationToken);
        if (!invocation.IsWaiting)
        {
            invocation.Talk.Say($"Accepted. Follow it with: skerry operation wait {reply.OperationId}");
            invocation.Print(OperationView.Operation, await invocation.Client.Operations.ShowAsync(reply.OperationId!, cancellationToken));
            return ExitCodes.Done;
        }

        var operation = await invocation.Waits.ForOperationAsync(reply.OperationId!, cancellationToken);
        invocation.Print(OperationView.Operation, operation);
        return Tell(invocation, operation);
    }

    private static int Tell(Invocation invocation, OperationRecord operation)
    {
        if (operation.Result?.Deserialize(SkerryJson.Default.VolumeCheckResult) is not { } check)
        {
            return ExitCodes.Done;
        }

        foreach (var range in check.BadRanges)
        {
            var of = range.SnapshotId is null ? "" : $" of snapshot {range.SnapshotId}";
            invocation.Talk.Say($"Bytes {range.OffsetBytes} to {range.OffsetBytes + range.LengthBytes}{of} were bad{(range.IsHealed ? " and are healed" : "; write them anew, or restore them from a copy")}.");
        }

        invocation.Talk.Say(
            $"{Quantity.Bytes(check.VerifiedBytes)} verified, {Quantity.Bytes(check.BadBytes)} bad, {Quantity.Bytes(check.HealedBytes)} healed.");
        return check.BadBytes > check.HealedBytes ? ExitCodes.Failed : ExitCodes.Done;
    }
}
