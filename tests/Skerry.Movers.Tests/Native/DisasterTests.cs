using Skerry.Blocks;
using Skerry.Movers.Native;
using Skerry.TestKit.Seeds;

namespace Skerry.Movers.Tests.Native;

/// <summary>
/// Two sites, one volume, and whatever can go wrong between them, from a seed: links that break at any byte, kills, losses of power
/// on either side, forced and planned failovers with return. After each of them the promoted disk must be in a state that the
/// primary's disk has been in, at or after the reported recovery point, and the copies must come together again.
/// </summary>
public sealed class DisasterTests
{
    [Fact]
    public Task Whatever_breaks_a_promoted_copy_is_a_state_of_the_primary_and_the_copies_come_together_again() =>
        Chance.ForEachSeedAsync(18, seed => new Disaster(seed).RunAsync());

    [Fact]
    public Task Of_two_replicas_either_is_promoted_and_the_other_follows_it() =>
        Chance.ForEachSeedAsync(10, seed => new Disaster(seed, sites: 3).RunAsync());

    private sealed class Disaster(Chance chance, int sites = 2)
    {
        private const int Blocks = 192;

        private readonly DiskHistory _history = new();
        private TestSite _primary = null!;
        private TestSite _replica = null!;
        private readonly Dictionary<string, Lineage> _taken = [];
        private readonly HashSet<string> _takenByThisPrimary = [];
        private TestSite? _bystander;

        public async Task RunAsync()
        {
            await using var cloud = new TestCloud();
            (_primary, _replica) = (cloud.Add(1), cloud.Add(2));
            _bystander = sites > 2 ? cloud.Add(3) : null;
            cloud.Begin(_primary);
            cloud.LinkBytes = () => chance.OneIn(3) ? long.MaxValue : 2_000 + chance.Below(300_000);
            await _primary.CreateAsync(Blocks * IBlockDevice.BlockSize);
            for (var round = 0; round < 4; round++)
            {
                for (var step = 5 + chance.Below(20); step > 0; step--)
                {
                    await StepAsync(cloud);
                    if (_bystander is not null && chance.OneIn(6))
                    {
                        // Of two replicas the tests look at one, now this and now that.
                        (_replica, _bystander) = (_bystander, _replica);
                    }
                }

                if (chance.OneIn(3))
                {
                    await HandOverAsync(cloud);
                }
                else
                {
                    await FailOverAsync(cloud);
                }
            }

            await ComeTogetherAsync(cloud);
        }

        private async Task StepAsync(TestCloud cloud)
        {
            switch (chance.Below(10))
            {
                case 0:
                    _primary.Cut();
                    break;
                case 1:
                    cloud.IsCutOff = !cloud.IsCutOff;
                    break;
                case 2:
                    await RestartAsync(_replica);
                    break;
                case 3:
                    await RestartAsync(_primary);
                    await (await _primary.OpenAsync()).BeginRunAsync(cloud.Current.Number, CancellationToken.None);
                    break;
                case 4 when chance.OneIn(2):
                    var grown = await _primary.OpenAsync();
                    await grown.ExtendAsync(grown.SizeBytes + (4 * IBlockDevice.BlockSize), CancellationToken.None);
                    break;
                case 5:
                    await (await _primary.OpenAsync()).FlushAsync(CancellationToken.None);
                    break;
                case 6 when !cloud.IsCutOff && chance.OneIn(2):
                    await FollowAsync(cloud);
                    break;
                case 7:
                    await Task.Delay(chance.Below(30));
                    break;
                case 8:
                    await TakeSnapshotAsync();
                    break;
                default:
                    await WriteAsync(1 + chance.Below(30));
                    break;
            }

            _primary.Mover.Synchronize(_primary.TaskTo(_replica));
            if (_bystander is not null)
            {
                _primary.Mover.Synchronize(_primary.TaskTo(_bystander));
            }
        }

        private Task RestartAsync(TestSite site) => chance.OneIn(2) ? site.KillAsync() : site.CrashAsync(chance.Source);

        private async Task WriteAsync(int writes)
        {
            var volume = await _primary.OpenAsync();
            for (; writes > 0; writes--)
            {
                var count = 1 + (chance.OneIn(4) ? chance.Below(4) : 0);
                var first = chance.Below((int)(volume.SizeBytes / IBlockDevice.BlockSize) - count);
                await _history.WriteAsync(volume, first, count, isTrim: chance.OneIn(8));
            }
        }

        private async Task FollowAsync(TestCloud cloud)
        {
            var (isCutOff, linkBytes) = (cloud.IsCutOff, cloud.LinkBytes);
            (cloud.IsCutOff, cloud.LinkBytes) = (false, () => long.MaxValue);
            _primary.Cut();
            await _primary.FollowAsync(_replica);
            (cloud.IsCutOff, cloud.LinkBytes) = (isCutOff, linkBytes);
            await AssertEqualAsync();
        }

        private async Task AssertEqualAsync()
        {
            var (source, replica) = (await _primary.OpenAsync(), await _replica.OpenAsync());
            Assert.Equal(source.Lineage, replica.Lineage);
            await _history.AssertHoldsAsync(source, source.Lineage, "the primary");
            await _history.AssertHoldsAsync(replica, replica.Lineage, "the replica");
            await AssertSnapshotsAsync(source, replica);
        }

        private async Task TakeSnapshotAsync()
        {
            var (volume, id) = (await _primary.OpenAsync(), new Guid(chance.Below(int.MaxValue), 0, 0, new byte[8]).ToString());
            if (!_taken.ContainsKey(id))
            {
                _taken[id] = (await volume.CreateSnapshotAsync(id, CancellationToken.None)).Lineage;
                _takenByThisPrimary.Add(id);
            }
        }

        /// <summary>
        /// A snapshot is the very same state wherever it is, and those that this primary took are at the replica too. One that an earlier
        /// primary took may be missing here: its successor was already past that state, or lost it.
        /// </summary>
        private async Task AssertSnapshotsAsync(BlockVolume source, BlockVolume replica)
        {
            var deadline = DateTime.UtcNow.AddSeconds(20);
            while (_takenByThisPrimary.FirstOrDefault(id => replica.Snapshots.All(s => s.Id != id)) is { } missing)
            {
                Assert.True(DateTime.UtcNow < deadline, $"snapshot {missing} of the primary, at {_taken[missing]}, is not at the replica");
                await Task.Delay(5);
            }

            foreach (var volume in (BlockVolume[])[source, replica])
            {
                foreach (var snapshot in volume.Snapshots.Where(s => TravellingSnapshots.Travels(s.Id)))
                {
                    Assert.Equal(_taken.GetValueOrDefault(snapshot.Id, snapshot.Lineage), snapshot.Lineage);
                    await _history.AssertHoldsAsync(volume.OpenSnapshot(snapshot.Id), snapshot.Lineage, $"snapshot {snapshot.Id}");
                }
            }
        }

        /// <summary>The primary may be alive, cut off, dead or without power; nobody asks it.</summary>
        private async Task FailOverAsync(TestCloud cloud)
        {
            if (chance.OneIn(2))
            {
                await RestartAsync(_primary);
            }

            if (chance.OneIn(2))
            {
                // What the replica called its recovery point must survive its own loss of power.
                cloud.IsCutOff = true;
                _primary.Cut();
            }

            var reported = (await _replica.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None))?.RecoveryPoint;
            if (cloud.IsCutOff && chance.OneIn(2))
            {
                await RestartAsync(_replica);
            }

            using (var hold = await _replica.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None))
            {
                if (hold.Copy is not { } copy)
                {
                    // Nothing to promote: the old primary, once it is back, is all that there is.
                    Assert.Null(reported);
                    if (await _primary.OpenAsync() is { IsReadOnly: true } back)
                    {
                        await back.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
                    }

                    return;
                }

                var promoted = await _replica.OpenAsync();
                await _history.AssertHoldsAsync(promoted, promoted.Lineage, "the promoted copy");
                Assert.Equal(copy.Number, promoted.Lineage.LastNumber);
                Assert.True(
                    reported is null || !cloud.IsCutOff || copy.Number >= reported.Number, $"promoted {copy.Number}, reported {reported?.Number}");
                cloud.Raise(_replica, copy.Number);
                await promoted.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
            }

            await SwapAsync(cloud);
            if (chance.OneIn(2))
            {
                await CheckReturnAsync(cloud);
            }
        }

        /// <summary>What the old primary wrote apart is kept, and no more blocks move than were written at either side.</summary>
        private async Task CheckReturnAsync(TestCloud cloud)
        {
            await WriteAsync(chance.Below(20));
            var (source, old) = (await _primary.OpenAsync(), await _replica.OpenAsync());
            var whole = (await ReplicaCopy.OpenAsync(old, CancellationToken.None)).Whole;
            var isWhole = whole.Runs.Count > 0;
            var fork = Lineage.CommonNumber(source.Lineage, whole);
            var wroteApart = isWhole && whole.LastNumber > fork
                && whole.Runs.Select((r, i) => (r, End: i + 1 < whole.Runs.Count ? whole.Runs[i + 1].FirstNumber - 1 : whole.LastNumber))
                    .Any(r => r.End > fork && _replica.WasPrimaryHere(TestCloud.Volume, r.r.Generation));
            var kept = old.Snapshots.Count(s => !_taken.ContainsKey(s.Id));
            await FollowAsync(cloud);
            if (wroteApart)
            {
                var snapshot = Assert.Single(old.Snapshots, s => s.Lineage.Equals(whole) && !_taken.ContainsKey(s.Id));
                await _history.AssertHoldsAsync(old.OpenSnapshot(snapshot.Id), whole, "what diverged");
                Assert.Contains(_replica.KeptSnapshots, n => n.StartsWith("diverged-", StringComparison.Ordinal));
            }
            else
            {
                Assert.Equal(kept, old.Snapshots.Count(s => !_taken.ContainsKey(s.Id)));
            }

            var written = _history.WrittenAfter(source.Lineage, fork);
            written.UnionWith(_history.WrittenAfter(whole, fork));
            var report = _primary.Mover.Synchronize(_primary.TaskTo(_replica));
            if (report.LastTransfer is { Kind: "resync" } transfer)
            {
                Assert.True(
                    transfer.MovedBytes <= written.Count * (long)IBlockDevice.BlockSize,
                    $"{transfer.MovedBytes} bytes moved for {written.Count} blocks");
            }
        }

        private async Task HandOverAsync(TestCloud cloud)
        {
            await FollowAsync(cloud);
            (cloud.IsCutOff, cloud.LinkBytes) = (false, () => long.MaxValue);
            await (await _primary.OpenAsync()).EndRunAsync(CancellationToken.None);
            await _primary.FollowAsync(_replica);
            var last = (await _primary.OpenAsync()).Lineage;
            using (var hold = await _replica.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None))
            {
                var promoted = await _replica.OpenAsync();
                Assert.Equal(last.LastNumber, hold.Copy!.Number);
                Assert.True(last.IsPrefixOf(promoted.Lineage) && promoted.Lineage.IsPrefixOf(last));
                cloud.Raise(_replica, hold.Copy.Number, isPlanned: true);
                await promoted.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
            }

            await SwapAsync(cloud);
        }

        private async Task SwapAsync(TestCloud cloud)
        {
            (_primary, _replica) = (_replica, _primary);
            _takenByThisPrimary.Clear();
            await (await _replica.OpenAsync()).EndRunAsync(CancellationToken.None);
            foreach (var target in (TestSite?[])[_primary, _bystander])
            {
                if (target is not null)
                {
                    await _replica.Mover.CleanupAsync(
                        TestCloud.ReplicationTo(target), TestCloud.Volume, forGood: true, CancellationToken.None);
                }
            }

            cloud.LinkBytes = () => chance.OneIn(3) ? long.MaxValue : 2_000 + chance.Below(300_000);
        }

        private async Task ComeTogetherAsync(TestCloud cloud)
        {
            await FollowAsync(cloud);
            await AssertEqualAsync();
            Assert.DoesNotContain((await _replica.OpenAsync()).Snapshots, s => s.Id == ReplicaCopy.RecoverySnapshot);
            if (_bystander is not null)
            {
                (_replica, _bystander) = (_bystander, _replica);
                await FollowAsync(cloud);
            }

            Assert.DoesNotContain((await _primary.OpenAsync()).Snapshots, s => s.Id.StartsWith("repl-", StringComparison.Ordinal));
        }
    }
}
