using System.CommandLine;
using Skerry.Cli.Operation;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal static class TrashView
{
    public static readonly View<TrashRecord> Trash = new(
        "replica in the trash",
        OutputJson.Default.TrashRecord,
        new("id", "Id of its replication.", t => t.Id),
        new("volume_id", "Volume that it is a copy of.", t => t.VolumeId, IsBrief: false),
        new("volume_name", "Name of that volume.", t => t.VolumeName),
        new("size_gib", "Size in GiB.", t => t.SizeGib),
        new("site", "Site that holds it.", t => t.Site),
        new("backend", "Backend there.", t => t.Backend, IsBrief: false),
        new("volume_gone", "False when only the replication was deleted: then it comes back under another id.", t => t.VolumeGone),
        new("recovery_point_at", "When the primary's disk was in the state that it has, or in an earlier one.", t => t.RecoveryPoint?.TakenAt),
        new("deleted_at", "Since when it is there.", t => t.DeletedAt, IsBrief: false),
        new("purge_at", "When it is taken away for good.", t => t.PurgeAt));
}

internal sealed class TrashListCommand()
    : DataCommand("list", "Show replicas that outlived their volume or their replication.", "skerry replication trash list")
{
    public override IView View => TrashView.Trash;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.Print(TrashView.Trash, await invocation.Client.Trash.ListAsync(cancellationToken));
        return ExitCodes.Done;
    }
}

internal sealed class TrashRestoreCommand : DataCommand
{
    private readonly Argument<string> _replica = TrashArgument.Create();

    private readonly Option<string> _name = new("--name") { Description = "Name of the volume; else the one it had.", HelpName = "NAME" };

    public TrashRestoreCommand()
        : base(
            "restore",
            "Make a replica in the trash a volume again, primary at its site: under its old id while that is free, else under a new one.",
            "skerry replication trash restore 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --wait",
            "skerry replication trash restore 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --name data-again")
    {
        Arguments.Add(_replica);
        Options.Add(_name);
        Options.Add(SharedOptions.Wait);
    }

    public override IView View => OperationView.Operation;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var reply = await invocation.Client.Trash.RestoreAsync(invocation.Get(_replica), invocation.Get(_name), cancellationToken);
        var operation = invocation.IsWaiting
            ? await invocation.Waits.ForOperationAsync(reply.OperationId!, cancellationToken)
            : await invocation.Client.Operations.ShowAsync(reply.OperationId!, cancellationToken);
        invocation.Talk.Say($"It {(invocation.IsWaiting ? "is" : "will be")} volume {reply.VolumeId} at {reply.Site}.");
        invocation.Print(OperationView.Operation, operation);
        return ExitCodes.Done;
    }
}

internal sealed class TrashPurgeCommand : SkerryCommand
{
    private readonly Argument<string> _replica = TrashArgument.Create();

    public TrashPurgeCommand()
        : base(
            "purge",
            "Take a replica in the trash away before its time. Nothing brings it back.",
            "skerry replication trash purge 6d6c0a4e-2f0c-4d52-9a3e-6b8f4a4f9d21 --yes --wait")
    {
        Arguments.Add(_replica);
        Options.Add(SharedOptions.Yes);
        Options.Add(SharedOptions.Wait);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var replica = invocation.Get(_replica)!;
        invocation.Talk.Confirm($"Take replica {replica} away for good?", invocation.Get(SharedOptions.Yes));
        var reply = await invocation.Client.Trash.PurgeAsync(replica, cancellationToken);
        if (invocation.IsWaiting)
        {
            await invocation.Waits.ForOperationAsync(reply.OperationId!, cancellationToken);
        }

        invocation.Talk.Say($"The replica at {reply.Site} {(invocation.IsWaiting ? "is gone" : "goes")}.");
        return ExitCodes.Done;
    }
}

internal static class TrashArgument
{
    public static Argument<string> Create() => new("REPLICA")
    {
        Description = "Id of the replication, or of the volume when one replica of it is in the trash.",
    };
}
