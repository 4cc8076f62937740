using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>States that are kept, what differs between them, and the stream of writes from one on.</content>
public sealed partial class BlockVolume
{
    /// <summary>Takes a snapshot, in constant time: every write acknowledged before the call is in it. Durable, with its data, on return.</summary>
    /// <exception cref="BlockException"><see cref="BlockError.Exists"/>, or <see cref="BlockError.Refused"/> while a catch-up is unfinished.</exception>
    public async ValueTask<SnapshotInfo> CreateSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        SnapshotInfo? made = null;
        await ChangeAsync(() => DecideSnapshot(snapshotId), () => made = TakenSnapshot(), cancellationToken);
        return made!;
    }

    /// <summary>Takes a snapshot and opens a tap at the same point: the tap's first write is the first that the snapshot lacks.</summary>
    public async ValueTask<(SnapshotInfo Snapshot, WriteTap Tap)> SnapshotAndTapAsync(
        string snapshotId, long boundBytes, CancellationToken cancellationToken)
    {
        SnapshotInfo? made = null;
        WriteTap? tap = null;
        await ChangeAsync(
            () => DecideSnapshot(snapshotId),
            () => (made, tap) = (TakenSnapshot(), AddTap(boundBytes)),
            cancellationToken);
        return (made!, tap!);
    }

    /// <summary>Follows the writes from now on, holding at most <paramref name="boundBytes"/> of them. See <see cref="WriteTap"/>.</summary>
    public async ValueTask<WriteTap> OpenTapAsync(long boundBytes, CancellationToken cancellationToken)
    {
        WriteTap? tap = null;
        await SubmitAsync(
            new ChangeRequest(
                _state,
                () =>
                {
                    RequireThere();
                    return null;
                },
                () => tap = AddTap(boundBytes),
                durable: false,
                mayUseReserve: true),
            cancellationToken);
        return tap!;
    }

    /// <summary>A snapshot as a read-only disk; it fails with <see cref="BlockError.Closed"/> once the snapshot is deleted.</summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>, or <see cref="BlockError.Locked"/>.</exception>
    public IBlockDevice OpenSnapshot(string snapshotId)
    {
        var snapshot = FindSnapshot(snapshotId);
        RequireKey();
        return new SnapshotDevice($"snapshot '{snapshotId}' of volume '{Id}'", _state, snapshot, _state.Cipher, _parts);
    }

    /// <summary>In any order, whatever shares its blocks. Nothing happens when there is none of that name.</summary>
    public ValueTask DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        var freedBlocks = 0L;
        return ChangeAsync(
            () =>
            {
                RequireThere();
                freedBlocks = _state.FindSnapshot(snapshotId)?.Map.DataBlocks ?? 0;
                return _state.FindSnapshot(snapshotId) is null ? null : new DeleteSnapshot(_state.Ordinal, snapshotId);
            },
            () => _parts.Cleaner.Freed(freedBlocks * Sizes.Block),
            cancellationToken);
    }

    /// <summary>
    /// Makes the head the snapshot's content and history, so that its position is the snapshot's. Ends an unfinished catch-up. The size
    /// stays; beyond the snapshot's end the disk reads as zeroes.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>, or <see cref="BlockError.Refused"/> while a run is open.</exception>
    public ValueTask RevertToSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        var freedBytes = 0L;
        return ChangeAsync(
            () =>
            {
                RequireThere();
                RequireNoRun();
                FindSnapshot(snapshotId);
                freedBytes = AllocatedBytes;
                return new Revert(_state.Ordinal, snapshotId);
            },
            () =>
            {
                EndTaps(TapEnd.HistoryChanged);
                _parts.Cleaner.Freed(freedBytes);
            },
            cancellationToken);
    }

    /// <summary>
    /// Ranges (whole blocks, merged, in order) whose content may differ from what it was at write number <paramref name="number"/>, of the
    /// head or of a snapshot. Never misses one; may name more. A number that can mean several states, because the disk reverted or jumped
    /// in a catch-up, names all ranges: the overload with a lineage is exact. -1 names all ranges. Time follows the change.
    /// </summary>
    public IReadOnlyList<ChangedRange> ChangedSince(long number, string? snapshotId = null) => Changed(number, snapshotId, ofOwnLine: false, 0, long.MaxValue);

    /// <summary>
    /// Ranges that may have changed here since the last state that this disk (or its snapshot) has in common with
    /// <paramref name="other"/>. Where the other has gone on from that state too, what changed there is the other's to tell.
    /// </summary>
    public IReadOnlyList<ChangedRange> ChangedSince(Lineage other, string? snapshotId = null)
    {
        var own = snapshotId is null ? Lineage : FindSnapshot(snapshotId).Info.Lineage;
        return Changed(Lineage.CommonNumber(own, other), snapshotId, ofOwnLine: true, 0, long.MaxValue);
    }

    /// <summary>
    /// Ranges in order, of at least the blocks from the offset on, where the head, or a snapshot, may differ from another snapshot,
    /// whichever of the two the change was made on. Empty for a part beyond the end.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/> when one of the snapshots is not there.</exception>
    public IReadOnlyList<ChangedRange> Difference(string baseSnapshotId, string? snapshotId, long offsetBytes, long lengthBytes)
    {
        var other = FindSnapshot(baseSnapshotId).Info.Lineage;
        var own = snapshotId is null ? Lineage : FindSnapshot(snapshotId).Info.Lineage;
        var common = Lineage.CommonNumber(own, other);
        var here = Changed(common, snapshotId, ofOwnLine: true, offsetBytes, lengthBytes);
        return common == other.LastNumber
            ? here
            : [.. here.Concat(Changed(common, baseSnapshotId, ofOwnLine: true, offsetBytes, lengthBytes)).OrderBy(range => range.OffsetBytes)];
    }

    internal void EndTaps(TapEnd end)
    {
        foreach (var tap in _state.Taps)
        {
            tap.Finish(end);
        }

        _state.Taps = [];
    }

    private Snapshot FindSnapshot(string snapshotId) => _state.FindSnapshot(snapshotId)
        ?? throw new BlockException(BlockError.NotFound, $"{_name} has no snapshot '{snapshotId}'");

    private CreateSnapshot DecideSnapshot(string snapshotId)
    {
        RequireName(snapshotId);
        RequireThere();
        RequireWhole();
        return _state.FindSnapshot(snapshotId) is null
            ? new CreateSnapshot(_state.Ordinal, snapshotId, _parts.Time.GetUtcNow())
            : throw new BlockException(BlockError.Exists, $"{_name} has a snapshot '{snapshotId}' already");
    }

    /// <summary>The snapshot that was taken just now, told to those who follow the writes.</summary>
    private SnapshotInfo TakenSnapshot()
    {
        var taken = _state.Snapshots[^1].Info;
        foreach (var tap in _state.Taps)
        {
            tap.Take(_state.LastRun ?? default, taken);
        }

        return taken;
    }

    private WriteTap AddTap(long boundBytes)
    {
        var tap = new WriteTap(_state, boundBytes, _parts.Time);
        _state.Taps = [.. _state.Taps.Where(other => other.End == TapEnd.None), tap];
        return tap;
    }

    private IReadOnlyList<ChangedRange> Changed(long number, string? snapshotId, bool ofOwnLine, long offsetBytes, long lengthBytes)
    {
        RequireThere();
        if (snapshotId is null)
        {
            var reliable = Ranges.Reliable(_state.Forks, number, _state.LastNumber, ofOwnLine);
            return Within(_state.Map, SizeBytes, reliable);
        }

        var snapshot = FindSnapshot(snapshotId);
        return Within(
            snapshot.Map, snapshot.Info.SizeBytes, Ranges.Reliable(snapshot.Forks, number, snapshot.Info.Lineage.LastNumber, ofOwnLine));

        IReadOnlyList<ChangedRange> Within(BlockMap map, long sizeBytes, long since) =>
            offsetBytes >= sizeBytes ? [] : Ranges.Changed(map, sizeBytes, since, offsetBytes, Math.Min(lengthBytes, sizeBytes - offsetBytes));
    }
}
