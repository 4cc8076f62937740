using Skerry.Blocks;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;
using Skerry.Movers.Native;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <content>How the primary moves, and what must be so then.</content>
internal sealed partial class Disaster
{
    /// <summary>The primary may be alive, cut off, dead or without power; nobody asks it.</summary>
    private async Task FailOverAsync()
    {
        await ReviveAsync();
        if (_chance.OneIn(2))
        {
            await RestartAsync(_primary);
        }

        if (_chance.OneIn(2))
        {
            // What the replica called its recovery point must survive its own loss of power.
            _cloud.IsCutOff = true;
            _primary.Cut();
        }

        Disarm();
        await ReviveAsync();
        var reported = await ReportedAsync();
        if (_cloud.IsCutOff && _chance.OneIn(2))
        {
            await RestartAsync(_replica);
        }

        var cut = _chance.OneIn(2) ? await NewestMarkAsync() : null;
        var settled = await SettleAsync(cut);
        if (cut is not null && settled.Copy is null)
        {
            // It went another way meanwhile, and the cut is no past of its own any more.
            settled.Dispose();
            (cut, settled) = (null, await SettleAsync());
        }

        using (var hold = settled)
        {
            Disarm();
            await ReviveAsync();
            var old = (await _primary.OpenAsync()).Lineage;
            if (hold.Copy is not { } copy)
            {
                // Nothing to promote: the old primary is all that there is.
                Assert.Null(reported);
                Assert.False(_durableAt.ContainsKey(_replica) && _cloud.IsCutOff, "a write was called durable at the replica, and nothing can be promoted there");
                return;
            }

            var promoted = await _replica.OpenAsync();
            await _history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
            Assert.Equal(copy.Number, promoted.Lineage.LastNumber);
            if (cut is { } at)
            {
                AssertAtCut(at, copy, promoted.Lineage, old);
            }
            else if (reported is not null && _cloud.IsCutOff)
            {
                Assert.True(copy.Number >= reported.Number, $"promoted {copy.Number}, reported {reported.Number}");
                if (reported.TakenAt - LatestClockOff() >= _raisedAt)
                {
                    // An older one is of the line of an earlier primary, and says nothing of this one's.
                    _history.AssertCovers(reported, old, promoted.Lineage, LatestClockOff());
                }
            }

            foreach (var (run, number, by) in cut is null ? _durableAt.GetValueOrDefault(_replica, []) : [])
            {
                Assert.True(
                    !DiskHistory.Contains(old, run, number) || DiskHistory.Contains(promoted.Lineage, run, number),
                    $"write {number} of run {run:x16} was called durable at the replica by {by}, and is not in what was promoted: {promoted.Lineage}; the primary was at {old}");
            }

            if (_chance.OneIn(2))
            {
                // Nobody keeps it from writing on while its lease lasts.
                await WriteAsync(1 + _chance.Below(4));
            }

            var isBound = await UntilLeaseIsOverAsync();
            _cloud.Raise(_replica, copy.Number);
            _raisedAt = DateTimeOffset.UtcNow;
            ChangeTerms(_primary);
            await BeginRunAsync(_replica, promoted);
            Tally.Forced++;
            if (isBound)
            {
                Assert.False(await WriteOneAsync(), "the old primary acknowledged a write that it began after its lease had run out and its target was promoted");
            }
            else if (_chance.OneIn(2))
            {
                // Cut off, it does not know yet: what it writes now diverges.
                await WriteAsync(1 + _chance.Below(10));
            }
        }

        await SwapAsync();
        if (_chance.OneIn(2))
        {
            await CheckReturnAsync();
        }
    }

    private async Task<RecoveryPoint?> ReportedAsync() =>
        (await _replica.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None))?.RecoveryPoint;

    /// <summary>
    /// Settles the replica for promotion, at the newest state or at a cut, which may be struck; then it is asked again, as the journalled
    /// operation does.
    /// </summary>
    private async Task<ReplicaHold> SettleAsync(Cut? cut = null)
    {
        if (_chance.OneIn(2))
        {
            _replica.Arm(_chance.Pick(cut is null ? [MoverSteps.Settled, MoverSteps.CatchUpVoided, MoverSteps.HeadReverted] : new[] { GroupSteps.Returned, GroupSteps.PointSaved }), 1, _chance.Pick([Blow.Kill, Blow.PowerLoss]), new Random(_chance.Below(int.MaxValue)));
        }

        while (true)
        {
            try
            {
                var hold = cut is { } at
                    ? await _replica.Marks.ReturnAsync(TestCloud.Volume, at, CancellationToken.None)
                    : await _replica.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None);
                _replica.Disarm();
                if (!_replica.IsStruck)
                {
                    // It can be settled on a full disk, and opened for writing only with room for that.
                    _replica.MakeRoom();
                    return hold;
                }

                hold.Dispose();
            }
            catch (OperationCanceledException) when (_replica.IsStruck)
            {
                // It died in the middle.
            }
            catch (DriverException e) when (e.Error == DriverError.NoSpace)
            {
                // Refused while the disk is full, with the copy as it was.
                Tally.Full++;
                _replica.MakeRoom();
            }

            await ReviveAsync();
        }
    }

    /// <summary>The one of all clocks that is ahead the most: whose time a recovery point has is not told apart.</summary>
    private TimeSpan LatestClockOff() => new[] { _primary, _replica, _bystander }.Max(s => s?.Time.By ?? TimeSpan.MinValue);

    /// <summary>What the old primary wrote apart is kept, and no more blocks move than were written at either side.</summary>
    private async Task CheckReturnAsync()
    {
        Disarm();
        await ReviveAsync();
        await WriteAsync(_chance.Below(20));
        var (source, old) = (await _primary.OpenAsync(), await _replica.OpenAsync());
        var whole = (await ReplicaCopy.OpenAsync(old, CancellationToken.None)).Whole;
        var isWhole = whole.Runs.Count > 0;
        var fork = Lineage.CommonNumber(source.Lineage, whole);
        var wroteApart = isWhole && whole.LastNumber > fork
            && whole.Runs.Select((r, i) => (r, End: i + 1 < whole.Runs.Count ? whole.Runs[i + 1].FirstNumber - 1 : whole.LastNumber))
                .Any(r => r.End > fork && _replica.WasPrimaryHere(TestCloud.Volume, r.r.Generation));
        var kept = Own(old, source);
        await FollowAsync();
        old = await _replica.OpenAsync();
        if (wroteApart)
        {
            var snapshot = Assert.Single(old.Snapshots, s => s.Lineage.Equals(whole) && !IsTaken(s.Id));
            await _history.AssertHoldsAsync(old.OpenSnapshot(snapshot.Id), whole, "what diverged");
            Assert.Contains(_replica.KeptSnapshots, n => n.StartsWith("diverged-", StringComparison.Ordinal));
            Tally.Diverged++;
        }
        else
        {
            Assert.Equal(kept, Own(old, source));
        }

        var written = _history.WrittenAfter(source.Lineage, fork);
        written.UnionWith(_history.WrittenAfter(whole, fork));
        if (_primary.Mover.Synchronize(TaskTo(_replica)).LastTransfer is { Kind: "resync" } transfer)
        {
            Assert.True(
                transfer.MovedBytes <= written.Count * (long)IBlockDevice.BlockSize,
                $"{transfer.MovedBytes} bytes moved for {written.Count} blocks");
        }
    }

    /// <summary>What it keeps that its source has not: what once diverged there, and is in the line of a later generation, travels like any other.</summary>
    private int Own(BlockVolume volume, BlockVolume source) =>
        volume.Snapshots.Count(s => s.Id != ReplicaCopy.RecoverySnapshot && !IsTaken(s.Id) && source.Snapshots.All(o => o.Id != s.Id));

    private async Task HandOverAsync()
    {
        await FollowAsync();
        FairWeather();
        await (await _primary.OpenAsync()).EndRunAsync(CancellationToken.None);
        await _primary.FollowAsync(_replica);
        var last = (await _primary.OpenAsync()).Lineage;
        using (var hold = await SettleAsync())
        {
            var promoted = await _replica.OpenAsync();
            Assert.Equal(last.LastNumber, hold.Copy!.Number);
            Assert.True(last.IsPrefixOf(promoted.Lineage) && promoted.Lineage.IsPrefixOf(last));
            await _history.AssertHoldsAsync(promoted, promoted.Lineage, "the copy that took over");
            _cloud.Raise(_replica, hold.Copy.Number, isPlanned: true);
            _raisedAt = DateTimeOffset.UtcNow;
            ChangeTerms(_primary);
            await BeginRunAsync(_replica, promoted);
            Tally.Planned++;
        }

        await SwapAsync();
    }

    private async Task SwapAsync()
    {
        Disarm();
        await ReviveAsync();
        (_primary, _replica) = (_replica, _primary);
        _flushed = null;
        _durableAt.Clear();
        _runs.Clear();
        _takenByThisPrimary.Clear();
        await (await _replica.OpenAsync()).EndRunAsync(CancellationToken.None);
        await _replica.Mover.DropSnapshotsAsync(TestCloud.Volume, null, CancellationToken.None);
        await DropMarksAsync();
        foreach (var target in (TestSite?[])[_primary, _bystander])
        {
            if (target is not null)
            {
                await _replica.Mover.CleanupAsync(_replica.ReplicationTo(target), TestCloud.Volume, forGood: true, CancellationToken.None);
            }
        }

        _primary.MakeRoom();
        Weather();
    }
}
