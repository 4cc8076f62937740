using Skerry.Blocks;
using Skerry.Domain.Groups;

namespace Skerry.Movers.Native;

/// <content>Cuts of groups, at their primary's site.</content>
public sealed partial class NativeMover : IGroupCutter
{
    private const string SnapshotPrefix = "cut-";

    /// <summary>Replications whose run ended at a replica that keeps no cuts; runs have no session between them.</summary>
    private readonly HashSet<string> _withoutMarks = new(StringComparer.Ordinal);

    /// <summary>The snapshot of a cut, at the source.</summary>
    internal static string SnapshotOf(string cutId) => SnapshotPrefix + cutId;

    public CutResult Mark(CutOrder order)
    {
        var (volumes, streams) = (new List<BlockVolume>(), new List<GroupStream>());
        foreach (var (volumeId, replicationId) in order.Members)
        {
            SourceSession? session;
            lock (_lock)
            {
                _sessions.TryGetValue(replicationId, out session);
            }

            if (session?.Volume is not { IsReadOnly: false } volume)
            {
                return CutResult.Refused($"Volume {volumeId} is not shipped, or not open.");
            }

            if (session.Facts.Group.WhyNot() is { } reason)
            {
                return CutResult.Refused($"Volume {volumeId} cannot be marked: {reason}.");
            }

            volumes.Add(volume);
            streams.Add(session.Facts.Group);
        }

        var isMarked = true;
        var held = WriteBarrier.TryHold(volumes, order.HoldLimit, time, () =>
        {
            foreach (var stream in streams)
            {
                isMarked &= stream.SetMark(order.Cut);
            }
        });
        return held is null ? GivenUp(order)
            : isMarked ? new CutResult(held, null)
            : CutResult.Refused("A member's stream ended at that very moment.");
    }

    public async ValueTask<CutResult> SnapshotAsync(CutOrder order, CancellationToken cancellationToken)
    {
        var volumes = new List<BlockVolume>();
        foreach (var (volumeId, _) in order.Members)
        {
            if (stores.FindVolume(volumeId) is not { } found || await found.Store.OpenAsync(volumeId, cancellationToken) is not { IsReadOnly: false } volume)
            {
                return CutResult.Refused($"Volume {volumeId} is not open for writing.");
            }

            volumes.Add(volume);
        }

        var taking = new List<Task>();
        var held = WriteBarrier.TryHold(volumes, order.HoldLimit, time, () =>
        {
            foreach (var volume in volumes)
            {
                // Those for people first: what a replica is to have at a state, it must find there when it comes to that state.
                foreach (var (_, snapshotId) in order.Kept.Where(k => k.VolumeId == volume.Id))
                {
                    taking.Add(volume.CreateSnapshotAsync(snapshotId, cancellationToken).AsTask());
                }

                taking.Add(volume.CreateSnapshotAsync(SnapshotOf(order.Cut.Id), cancellationToken).AsTask());
            }
        });
        try
        {
            await Task.WhenAll(taking);
        }
        catch (BlockException e)
        {
            return CutResult.Refused($"A snapshot could not be taken: {e.Message}.");
        }

        return held is null ? GivenUp(order) : new CutResult(held, WhyNoPoint(order));
    }

    /// <summary>Why a cut that was taken becomes no recovery point, though its runs are shipped; null when it does.</summary>
    private string? WhyNoPoint(CutOrder order)
    {
        lock (_lock)
        {
            var (volumeId, _) = order.Members.FirstOrDefault(
                m => _sessions.TryGetValue(m.ReplicationId, out var session) ? !session.Facts.Group.KeepsMarks : _withoutMarks.Contains(m.ReplicationId));
            return volumeId is null ? null : $"The run of volume {volumeId} is no recovery point of the group: {GroupStream.IsOlder}.";
        }
    }

    /// <summary>Within the lock.</summary>
    private void RememberMarks(string replicationId, SourceSession session)
    {
        if (session.Facts.Group.KeepsMarks)
        {
            _withoutMarks.Remove(replicationId);
        }
        else
        {
            _withoutMarks.Add(replicationId);
        }
    }

    public async ValueTask DropSnapshotsAsync(string volumeId, Cut? keep, CancellationToken cancellationToken)
    {
        if (stores.FindVolume(volumeId) is not { } found)
        {
            return;
        }

        var volume = await found.Store.OpenAsync(volumeId, cancellationToken);
        foreach (var snapshot in volume.Snapshots.Where(s => s.Id.StartsWith(SnapshotPrefix, StringComparison.Ordinal)))
        {
            if (keep is not { } kept || snapshot.Id != SnapshotOf(kept.Id))
            {
                await volume.DeleteSnapshotAsync(snapshot.Id, cancellationToken);
            }
        }
    }

    private static CutResult GivenUp(CutOrder order) => CutResult.Refused(
        $"Writes could not be held within {order.HoldLimit.TotalMilliseconds:0} ms, since a disk is busy.");
}
