using System.CommandLine;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

internal sealed class SnapshotDiffCommand : DataCommand
{
    private readonly Argument<string> _snapshot = new("SNAPSHOT") { Description = "Name or id of the snapshot." };

    private readonly Option<string> _against = new("--against")
    {
        Description = "Another snapshot of the volume; else the volume, as it is at the site that is asked.",
        HelpName = "VOLUME|SNAPSHOT",
    };

    private readonly Option<bool> _files = new("--files")
    {
        Description = "Which files of the snapshot lie in these ranges. For ext4 that fills the disk; needs nbdfuse, fusermount3 and debugfs on this machine.",
    };

    private readonly Option<long> _offset = new("--offset") { Description = "Begin at this byte of the disk.", HelpName = "BYTES" };

    private readonly Option<int?> _limit = new("--limit") { Description = "Show at most so many ranges, and say where they go on.", HelpName = "N" };

    public SnapshotDiffCommand()
        : base(
            "diff",
            "Show where a snapshot differs from its volume, or from another snapshot of it. Asked of a site that has them. "
            + "It is read off what is kept of changes: a range may be named whose content came to be the same again.",
            "skerry snapshot diff diverged-3",
            "skerry snapshot diff diverged-3 --files",
            "skerry snapshot diff monday --against tuesday --limit 100 -f json")
    {
        Arguments.Add(_snapshot);
        Options.Add(_against);
        Options.Add(_files);
        Options.Add(_offset);
        Options.Add(_limit);
        Validators.Add(result =>
        {
            if (result.GetValue(_offset) < 0 || result.GetValue(_limit) < 1)
            {
                result.AddError("--offset is 0 or more, and --limit 1 or more.");
            }
        });
    }

    public override IView View => SnapshotView.Difference;

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var snapshot = await invocation.Names.SnapshotAsync(invocation.Get(_snapshot), cancellationToken);
        var against = await AgainstAsync(invocation, snapshot, cancellationToken);
        var (ranges, left) = (new List<SnapshotRangeRecord>(), invocation.Get(_limit) ?? int.MaxValue);
        long? next = invocation.Get(_offset);
        while (next is { } from && left > 0)
        {
            var part = await invocation.Client.Snapshots.DiffAsync(snapshot.Id, against, from, cancellationToken);
            ranges.AddRange(part.Ranges.Take(left));
            next = part.Ranges.Count > left ? part.Ranges[left].OffsetBytes : part.NextOffsetBytes;
            left -= Math.Min(left, part.Ranges.Count);
        }

        if (next is { } more)
        {
            invocation.Talk.Say($"There is more: go on with --offset {more}.");
        }

        invocation.Print(
            SnapshotView.Difference,
            invocation.Get(_files)
                ? await FilesAsync(invocation, snapshot, ranges, cancellationToken)
                : [.. ranges.Select(r => new SnapshotDifferenceRow(r.OffsetBytes, r.LengthBytes, null, null))]);
        return ExitCodes.Done;
    }

    private async Task<string?> AgainstAsync(Invocation invocation, SnapshotRecord snapshot, CancellationToken cancellationToken)
    {
        if (invocation.Get(_against) is not { } wanted || wanted == snapshot.VolumeId)
        {
            return null;
        }

        try
        {
            return (await invocation.Names.SnapshotAsync(wanted, cancellationToken)).Id;
        }
        catch (NotFoundException)
        {
            var volume = await invocation.Names.VolumeAsync(wanted, cancellationToken);
            return volume.Id == snapshot.VolumeId
                ? null
                : throw new UsageException($"{wanted} is neither the volume of the snapshot nor another snapshot.");
        }
    }

    private static async Task<IReadOnlyList<SnapshotDifferenceRow>> FilesAsync(
        Invocation invocation, SnapshotRecord snapshot, List<SnapshotRangeRecord> ranges, CancellationToken cancellationToken)
    {
        if (ranges.Count == 0)
        {
            return [];
        }

        var connection = await invocation.Client.Snapshots.ConnectAsync(
            snapshot.Id, new ConnectRequest(ReadOnly: true, "snapshot diff --files"), cancellationToken);
        try
        {
            await using var disk = await NbdFile.OpenAsync(connection.Uri!, cancellationToken);
            return await new Ext4Files(disk.Path).InAsync(ranges, cancellationToken);
        }
        finally
        {
            await invocation.Client.Volumes.DisconnectAsync(snapshot.VolumeId, connection.Id, CancellationToken.None);
        }
    }
}
