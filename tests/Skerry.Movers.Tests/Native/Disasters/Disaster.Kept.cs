using Skerry.Blocks;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <content>What is kept beside the disk: snapshots that travel, states at cuts, clones for drills.</content>
internal sealed partial class Disaster
{
    private readonly Dictionary<string, Lineage> _cuts = [];

    /// <summary>All that were ever given to a snapshot, also to one whose site died before it said that it was taken.</summary>
    private readonly HashSet<string> _ids = [];

    private async Task TakeSnapshotAsync()
    {
        var (volume, id) = (await _primary.OpenAsync(), NewId());
        if (!_taken.ContainsKey(id))
        {
            var lineage = (await volume.CreateSnapshotAsync(id, CancellationToken.None)).Lineage;
            if (!_primary.IsStruck)
            {
                _taken[id] = lineage;
                _takenByThisPrimary.Add(id);
            }
        }
    }

    /// <summary>
    /// A snapshot is the very same state wherever it is, and those that this primary took are at the replica too. One that an earlier
    /// primary took may be missing here: its successor was already past that state, or lost it.
    /// </summary>
    private async Task AssertSnapshotsAsync(BlockVolume source, BlockVolume replica)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!_primary.IsOld && !_replica.IsOld && _takenByThisPrimary.FirstOrDefault(id => replica.Snapshots.All(s => s.Id != id)) is { } missing)
        {
            Assert.True(DateTime.UtcNow < deadline, $"snapshot {missing} of the primary, at {_taken[missing]}, is not at the replica");
            await Task.Delay(5);
        }

        foreach (var volume in (BlockVolume[])[source, replica])
        {
            foreach (var snapshot in volume.Snapshots.Where(s => TravellingSnapshots.Travels(s.Id)))
            {
                var expected = _taken.GetValueOrDefault(snapshot.Id) ?? source.Snapshots.FirstOrDefault(s => s.Id == snapshot.Id)?.Lineage;
                Assert.True(
                    expected is null || expected.Equals(snapshot.Lineage),
                    $"snapshot {snapshot.Id} is of {snapshot.Lineage} at {(volume == source ? "the primary" : "the replica")} and of {expected} {(_taken.ContainsKey(snapshot.Id) ? "by the one who took it" : "at the primary")}; {string.Join("; ", Others(_primary).Append(_primary).Select(s => $"{s.Name}{(s.IsOld ? " (old)" : "")}{(s == _primary ? " (primary)" : s == _replica ? " (replica)" : "")}: {string.Join(", ", s.Store.Find(TestCloud.Volume)?.Snapshots.Where(x => x.Id == snapshot.Id).Select(x => $"{x.Lineage} at {x.CreatedAt:O}") ?? [])}"))}");
                await _history.AssertHoldsAsync(volume.OpenSnapshot(snapshot.Id), snapshot.Lineage, $"snapshot {snapshot.Id}");
            }
        }
    }

    /// <summary>True for what is kept for a reason other than that it diverged.</summary>
    private bool IsTaken(string snapshotId) => _ids.Contains(snapshotId)
        || snapshotId.StartsWith("mark-", StringComparison.Ordinal) || snapshotId.StartsWith("cut-", StringComparison.Ordinal);

    /// <summary>Cuts a group of this one volume, by a mark in its stream or for a run. Nobody writes meanwhile, so the state at the cut is known.</summary>
    private async Task CutGroupAsync()
    {
        var volume = await _primary.OpenAsync();
        var cut = Cut.New(_primary.Time.GetUtcNow(), NewId());
        var order = new CutOrder(cut, [(TestCloud.Volume, _primary.ReplicationTo(_replica))], TimeSpan.FromMilliseconds(50));
        _cuts[cut.Id] = volume.Lineage;
        if (!_runs.ContainsKey(_replica))
        {
            Tally.Cuts += _primary.Mover.Mark(order).IsTaken ? 1 : 0;
            return;
        }

        if ((await _primary.Mover.SnapshotAsync(order, CancellationToken.None)).IsTaken && !_primary.IsStruck)
        {
            _runs[_replica] = new Run(_primary.Time.GetUtcNow(), null, cut.Id, volume.Lineage);
            Synchronize();
            await _primary.Mover.DropSnapshotsAsync(TestCloud.Volume, cut, CancellationToken.None);
            Tally.Cuts++;
        }
    }

    /// <summary>The newest cut that the replica could be promoted at.</summary>
    private async Task<Cut?> NewestMarkAsync() =>
        (await _replica.Marks.ListAsync(TestCloud.Volume, CancellationToken.None) ?? []).Where(m => m.IsInHistory).MaxBy(m => m.Number)?.Cut;

    private void AssertAtCut(Cut cut, LocalCopy copy, Lineage promoted, Lineage old)
    {
        Assert.Equal(_cuts[cut.Id], promoted);
        Assert.Equal(cut.TakenAt, copy.RecoveryPoint?.TakenAt);
        if (cut.TakenAt - LatestClockOff() >= _raisedAt)
        {
            _history.AssertCovers(copy.RecoveryPoint!, old, promoted, LatestClockOff());
        }

        Tally.CutReturns++;
    }

    /// <summary>Each kept cut is the very state that the primary's disk was in.</summary>
    private async Task AssertMarksAsync(BlockVolume volume)
    {
        foreach (var mark in ReplicaMarks.List(volume, volume.Lineage))
        {
            var kept = ReplicaMarks.Find(volume, mark.Cut)!;
            Assert.Equal(_cuts[mark.Cut.Id], kept.Lineage);
            await _history.AssertHoldsAsync(volume.OpenSnapshot(kept.Id), kept.Lineage, $"cut {mark.Cut}");
        }
    }

    /// <summary>All but the newest two, as a group's site drops them.</summary>
    private async Task DropMarksAsync()
    {
        foreach (var site in Others(_primary).Append(_primary))
        {
            var old = (await site.Marks.ListAsync(TestCloud.Volume, CancellationToken.None) ?? []).OrderByDescending(m => m.Number).Skip(2);
            await site.Marks.DropAsync(TestCloud.Volume, [.. old.Select(m => m.Cut)], CancellationToken.None);
        }
    }

    /// <summary>A clone of the replica is a state of the primary, no older than what the replica reports, and replication goes on beside it.</summary>
    private async Task DrillAsync()
    {
        var (site, id) = (_replica, NewId());
        foreach (var stray in site.Store.VolumeIds.Where(v => v != TestCloud.Volume))
        {
            // Left by a drill that was struck.
            await site.Store.DeleteAsync(stray, CancellationToken.None);
        }

        try
        {
            if (await site.Replicas.CloneAsync(TestCloud.Volume, id, CancellationToken.None) is not { } copy || site.IsStruck)
            {
                return;
            }

            var clone = await site.Store.OpenAsync(id, CancellationToken.None);
            Assert.True(clone.Lineage.LastNumber >= copy.Number, $"the drill is at {clone.Lineage}, and the replica was at {copy.Number}");
            await _history.AssertHoldsAsync(clone, clone.Lineage, "the drill");
            await clone.BeginRunAsync(_cloud.Current.Number, CancellationToken.None);
            await clone.WriteAsync(0, new byte[IBlockDevice.BlockSize], WriteOptions.None, CancellationToken.None);
            await site.Store.DeleteAsync(id, CancellationToken.None);
            Tally.Drills++;
        }
        catch (Exception e) when (e is DriverException { Error: DriverError.NoSpace } or BlockException { Error: BlockError.NoSpace } || site.IsStruck)
        {
            // No room for it, or the site died in the middle.
        }
    }
}
