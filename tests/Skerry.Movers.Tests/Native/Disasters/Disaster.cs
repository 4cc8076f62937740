using Skerry.Blocks;
using Skerry.Domain.Replication;
using Skerry.Movers.Native;
using Skerry.TestKit.Seeds;

namespace Skerry.Movers.Tests.Native.Disasters;

/// <summary>
/// Sites, one volume, and whatever can go wrong between them, from a seed. Who is primary is what the disaster says; everything
/// else is the mover, its replicas and their stores. After each failover the promoted disk must be in a state that the primary's disk
/// has been in, at or after the reported recovery point, with all that was called durable; in the end the copies are one again.
/// </summary>
internal sealed class Disaster
{
    private const int Blocks = 192;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Chance _chance;
    private readonly IReadOnlyList<string> _aims;
    private readonly DiskHistory _history = new();
    private readonly Dictionary<TestSite, (ulong Run, long Number)> _durableAt = [];
    private readonly Dictionary<string, Lineage> _taken = [];
    private readonly HashSet<string> _takenByThisPrimary = [];
    private readonly bool _isChurning;
    private TestCloud _cloud = null!;
    private TestSite _primary = null!;
    private TestSite _replica = null!;
    private TestSite? _bystander;
    private (ulong Run, long Number)? _flushed;
    private DateTimeOffset _raisedAt;
    private int _aimed;

    /// <param name="chance">Decides everything but the order of tasks.</param>
    /// <param name="aims">Moments to strike at, over and over.</param>
    public Disaster(Chance chance, IReadOnlyList<string> aims)
    {
        (_chance, _aims) = (chance, aims);
        _isChurning = chance.OneIn(4);
    }

    public DisasterTally Tally { get; } = new();

    public async Task RunAsync()
    {
        await using var cloud = _cloud = new TestCloud
        {
            Options = new NativeMoverOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(10),
                HeartbeatInterval = TimeSpan.FromMilliseconds(30),
                RetryMin = TimeSpan.FromMilliseconds(3),
                RetryMax = TimeSpan.FromMilliseconds(15),
                DeadAfter = TimeSpan.FromSeconds(2),
                ChunkBytes = 64 << 10,
                CursorBytes = 96 << 10,
                TapBoundBytes = _chance.OneIn(3) ? 128 << 10 : 64 << 20,
            },
        };
        (_primary, _replica) = (Add(1), Add(2));
        _bystander = _chance.OneIn(3) ? Add(3) : null;
        cloud.Begin(_primary);
        Weather();
        await _primary.CreateAsync(Blocks * IBlockDevice.BlockSize);
        for (var round = 0; round < 4; round++)
        {
            for (var step = 5 + _chance.Below(20); step > 0; step--)
            {
                await StepAsync();
                if (_bystander is not null && _chance.OneIn(6))
                {
                    // Of two replicas the checks look at one, now this and now that.
                    (_replica, _bystander) = (_bystander, _replica);
                }
            }

            await (_chance.OneIn(3) ? HandOverAsync() : FailOverAsync());
        }

        await ComeTogetherAsync();
        Tally.CleanedBytes += _primary.Store.Traffic.CleanedBytes + _replica.Store.Traffic.CleanedBytes;
    }

    /// <summary>Clocks up to an hour apart, some sites of the version before features; in some disasters a store that is small enough for its cleaner to work.</summary>
    private TestSite Add(ulong number) => _cloud.Add(
        number,
        _chance.OneIn(3) ? TimeSpan.FromMinutes(_chance.Below(121) - 60) : TimeSpan.Zero,
        _isChurning ? new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 256 << 10, CapacityBytes = 10 << 20 } : null,
        isOld: _chance.OneIn(6));

    /// <summary>How links are from now on: many break at some byte, some are slow, some do one frame wrong.</summary>
    private void Weather()
    {
        // Links are made by tasks of their own, at any time.
        var (gate, chance) = (new Lock(), new Chance(_chance.Below(int.MaxValue)));
        T Draw<T>(Func<T> draw)
        {
            lock (gate)
            {
                return draw();
            }
        }

        _cloud.LinkBytes = () => Draw(() => chance.OneIn(3) ? long.MaxValue : 2_000 + chance.Below(300_000));
        _cloud.LinkDelay = () => Draw(() => chance.OneIn(6) ? TimeSpan.FromMilliseconds(1 + chance.Below(3)) : TimeSpan.Zero);
        _cloud.LinkEnd = socket => Draw(() => chance.OneIn(5)
            ? new FaultySocket(socket, (FrameFault)chance.Below(3), 1 + chance.Below(20), new Random(chance.Below(int.MaxValue)))
            : socket);
    }

    private void FairWeather()
    {
        (_cloud.IsCutOff, _cloud.LinkBytes, _cloud.LinkDelay, _cloud.LinkEnd) = (false, () => long.MaxValue, () => TimeSpan.Zero, s => s);
    }

    private async Task StepAsync()
    {
        await ReviveAsync();
        switch (_chance.Below(15))
        {
            case 0:
                _primary.Cut();
                break;
            case 1:
                _cloud.IsCutOff = !_cloud.IsCutOff;
                break;
            case 2:
                await RestartAsync(_replica);
                break;
            case 3:
                await RestartAsync(_primary);
                break;
            case 4 when _chance.OneIn(2):
                var grown = await _primary.OpenAsync();
                await grown.ExtendAsync(grown.SizeBytes + (4 * IBlockDevice.BlockSize), CancellationToken.None);
                break;
            case 5:
                await FlushAsync();
                break;
            case 6 when _chance.OneIn(2):
                await FollowAsync(mayStrike: true);
                break;
            case 7:
                await Task.Delay(_chance.Below(30));
                break;
            case 8 or 9:
                Arm();
                break;
            case 10 when _chance.OneIn(3):
                _replica.Fill(_chance.Below(1 << 20));
                break;
            case 11 when _chance.OneIn(8):
                _primary.Stall();
                break;
            case 13:
                await TakeSnapshotAsync();
                break;
            case 12 when _isChurning:
                await WriteAsync(300);
                break;
            default:
                await WriteAsync(1 + _chance.Below(30));
                break;
        }

        Synchronize();
    }

    private void Synchronize()
    {
        foreach (var target in (TestSite?[])[_replica, _bystander])
        {
            if (target is not null && _primary.Mover.Synchronize(_primary.TaskTo(target)) is { State: ReplicationWords.Secondary, IsConnected: true, ReplicaNumber: { } number })
            {
                NoteDurable(target, number);
            }
        }
    }

    /// <summary>A replica called this write durable. It must keep it for as long as the primary does.</summary>
    private void NoteDurable(TestSite target, long number)
    {
        if (_primary.IsStruck || _primary.Store.Find(TestCloud.Volume)?.Lineage is not { } lineage || number > lineage.LastNumber)
        {
            return;
        }

        foreach (var run in lineage.Runs.Reverse())
        {
            if (run.FirstNumber <= number)
            {
                _durableAt[target] = (run.RunId, number);
                return;
            }
        }
    }

    /// <summary>One site will be struck when it comes to a moment, now at an aim and now anywhere.</summary>
    private void Arm()
    {
        var site = _chance.OneIn(2) || _bystander is null ? _chance.OneIn(2) ? _primary : _replica : _bystander;
        var moment = _chance.OneIn(4) ? null : _chance.OneIn(2) ? _chance.Pick(_aims) : _aims[_aimed++ % _aims.Count];
        site = moment is null ? site : moment.StartsWith("source.", StringComparison.Ordinal) ? _primary : site == _primary ? _replica : site;
        var blow = _chance.Below(10) switch { < 3 => Blow.Kill, < 6 => Blow.PowerLoss, < 8 => Blow.Cut, 8 => Blow.Wait, _ => Blow.Stall };
        site.Arm(moment, 1 + _chance.Below(moment is null ? 30 : 3), blow, new Random(_chance.Below(int.MaxValue)));
    }

    private async Task ReviveAsync()
    {
        foreach (var site in (TestSite?[])[_primary, _replica, _bystander])
        {
            if (site is { IsStruck: true })
            {
                await site.ReviveAsync();
                await RestartedAsync(site);
            }
        }
    }

    private void Disarm()
    {
        _primary.Disarm();
        _replica.Disarm();
        _bystander?.Disarm();
    }

    private async Task RestartAsync(TestSite site)
    {
        await (_chance.OneIn(2) ? site.KillAsync() : site.CrashAsync(_chance.Source));
        await RestartedAsync(site);
    }

    private async Task RestartedAsync(TestSite site)
    {
        if (site != _primary)
        {
            return;
        }

        var volume = await site.OpenAsync();
        if (_flushed is var (run, number))
        {
            Assert.True(DiskHistory.Contains(volume.Lineage, run, number), $"write {number} of run {run:x16} was flushed at the primary and acknowledged, and is lost: it is at {volume.Lineage}");
        }

        await volume.BeginRunAsync(_cloud.Current.Number, CancellationToken.None);
    }

    private async Task FlushAsync()
    {
        var volume = await _primary.OpenAsync();
        var lineage = volume.Lineage;
        await volume.FlushAsync(CancellationToken.None);
        if (!_primary.IsStruck && lineage.Runs.Count > 0 && lineage.LastNumber >= lineage.Runs[^1].FirstNumber)
        {
            _flushed = (lineage.Runs[^1].RunId, lineage.LastNumber);
        }
    }

    private async Task WriteAsync(int writes)
    {
        var volume = await _primary.OpenAsync();
        for (; writes > 0; writes--)
        {
            var count = 1 + (_chance.OneIn(4) ? _chance.Below(4) : 0);
            var first = _chance.Below((int)(volume.SizeBytes / IBlockDevice.BlockSize) - count);
            await _history.WriteAsync(volume, first, count, isTrim: _chance.OneIn(8));
        }
    }

    /// <summary>In fair weather the replica gets everything, durably; while it does, either side may be struck, once.</summary>
    private async Task FollowAsync(bool mayStrike = false)
    {
        var cloud = _cloud;
        var (isCutOff, bytes, delay, end) = (cloud.IsCutOff, cloud.LinkBytes, cloud.LinkDelay, cloud.LinkEnd);
        Disarm();
        await ReviveAsync();
        FairWeather();
        _primary.Cut();
        _replica.MakeRoom();
        if (mayStrike)
        {
            Arm();
        }

        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            await ReviveAsync();
            var (primary, task) = (_primary, _primary.TaskTo(_replica));
            var lineage = (await primary.OpenAsync()).Lineage;
            var report = primary.Mover.Synchronize(task);
            if (report is { State: ReplicationWords.Secondary, IsConnected: true })
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                if (await primary.Mover.SettleAsync(task.ReplicationId, patience.Token) >= lineage.LastNumber && !primary.IsStruck && !_replica.IsStruck)
                {
                    break;
                }
            }

            Assert.True(DateTime.UtcNow < deadline, $"it never settled: {report}, the primary is at {lineage}");
            await Task.Delay(3);
        }

        Disarm();
        (cloud.IsCutOff, cloud.LinkBytes, cloud.LinkDelay, cloud.LinkEnd) = (isCutOff, bytes, delay, end);
        if (!_primary.IsStruck && !_replica.IsStruck)
        {
            NoteDurable(_replica, (await _primary.OpenAsync()).Lineage.LastNumber);
            await AssertEqualAsync();
        }
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
        var (volume, id) = (await _primary.OpenAsync(), new Guid(_chance.Below(int.MaxValue), 0, 0, new byte[8]).ToString());
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
                Assert.Equal(_taken.GetValueOrDefault(snapshot.Id, snapshot.Lineage), snapshot.Lineage);
                await _history.AssertHoldsAsync(volume.OpenSnapshot(snapshot.Id), snapshot.Lineage, $"snapshot {snapshot.Id}");
            }
        }
    }

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

        using (var hold = await SettleAsync())
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
            if (reported is not null && _cloud.IsCutOff)
            {
                Assert.True(copy.Number >= reported.Number, $"promoted {copy.Number}, reported {reported.Number}");
                if (reported.TakenAt - LatestClockOff() >= _raisedAt)
                {
                    // An older one is of the line of an earlier primary, and says nothing of this one's.
                    _history.AssertCovers(reported, old, promoted.Lineage, LatestClockOff());
                }
            }

            if (_durableAt.TryGetValue(_replica, out var durable) && DiskHistory.Contains(old, durable.Run, durable.Number))
            {
                Assert.True(
                    DiskHistory.Contains(promoted.Lineage, durable.Run, durable.Number),
                    $"write {durable.Number} of run {durable.Run:x16} was called durable by the replica, and is not in what was promoted: {promoted.Lineage}; the primary was at {old}");
            }

            _cloud.Raise(_replica, copy.Number);
            _raisedAt = DateTimeOffset.UtcNow;
            await promoted.BeginRunAsync(_cloud.Current.Number, CancellationToken.None);
            Tally.Forced++;
        }

        if (_chance.OneIn(2))
        {
            // Cut off, it does not know yet: what it writes now diverges.
            await WriteAsync(1 + _chance.Below(10));
        }

        await SwapAsync();
        if (_chance.OneIn(2))
        {
            await CheckReturnAsync();
        }
    }

    private async Task<RecoveryPoint?> ReportedAsync()
    {
        try
        {
            return (await _replica.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None))?.RecoveryPoint;
        }
        catch (BlockException e) when (e.Error == BlockError.NoSpace)
        {
            // A crash left a catch-up half undone, and there is no room to finish that.
            _replica.MakeRoom();
            return (await _replica.Replicas.FindAsync(TestCloud.Volume, CancellationToken.None))?.RecoveryPoint;
        }
    }

    /// <summary>Settles the replica for promotion, which may be struck; then it is asked again, as the journalled operation does.</summary>
    private async Task<ReplicaHold> SettleAsync()
    {
        if (_chance.OneIn(2))
        {
            _replica.Arm(_chance.Pick([MoverSteps.Settled, MoverSteps.CatchUpVoided, MoverSteps.HeadReverted]), 1, _chance.Pick([Blow.Kill, Blow.PowerLoss]), new Random(_chance.Below(int.MaxValue)));
        }

        while (true)
        {
            try
            {
                var hold = await _replica.Replicas.SettleAsync(TestCloud.Volume, CancellationToken.None);
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
            catch (BlockException e) when (e.Error == BlockError.NoSpace)
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
        var kept = Own(old);
        await FollowAsync();
        old = await _replica.OpenAsync();
        if (wroteApart)
        {
            var snapshot = Assert.Single(old.Snapshots, s => s.Lineage.Equals(whole) && !_taken.ContainsKey(s.Id));
            await _history.AssertHoldsAsync(old.OpenSnapshot(snapshot.Id), whole, "what diverged");
            Assert.Contains(_replica.KeptSnapshots, n => n.StartsWith("diverged-", StringComparison.Ordinal));
            Tally.Diverged++;
        }
        else
        {
            Assert.Equal(kept, Own(old));
        }

        var written = _history.WrittenAfter(source.Lineage, fork);
        written.UnionWith(_history.WrittenAfter(whole, fork));
        if (_primary.Mover.Synchronize(_primary.TaskTo(_replica)).LastTransfer is { Kind: "resync" } transfer)
        {
            Assert.True(
                transfer.MovedBytes <= written.Count * (long)IBlockDevice.BlockSize,
                $"{transfer.MovedBytes} bytes moved for {written.Count} blocks");
        }
    }

    private int Own(BlockVolume volume) => volume.Snapshots.Count(s => s.Id != ReplicaCopy.RecoverySnapshot && !_taken.ContainsKey(s.Id));

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
            await promoted.BeginRunAsync(_cloud.Current.Number, CancellationToken.None);
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
        _takenByThisPrimary.Clear();
        await (await _replica.OpenAsync()).EndRunAsync(CancellationToken.None);
        foreach (var target in (TestSite?[])[_primary, _bystander])
        {
            if (target is not null)
            {
                await _replica.Mover.CleanupAsync(TestCloud.ReplicationTo(target), TestCloud.Volume, forGood: true, CancellationToken.None);
            }
        }

        _primary.MakeRoom();
        Weather();
    }

    private async Task ComeTogetherAsync()
    {
        await FollowAsync();
        await AssertEqualAsync();
        Assert.DoesNotContain((await _replica.OpenAsync()).Snapshots, s => s.Id == ReplicaCopy.RecoverySnapshot);
        if (_bystander is not null)
        {
            (_replica, _bystander) = (_bystander, _replica);
            await FollowAsync();
        }

        Assert.DoesNotContain((await _primary.OpenAsync()).Snapshots, s => s.Id.StartsWith("repl-", StringComparison.Ordinal));
        Tally.Writes += _history.Count;
    }
}

/// <summary>What a disaster came to.</summary>
internal sealed class DisasterTally
{
    public long Writes { get; set; }

    public long Forced { get; set; }

    public long Planned { get; set; }

    public long Diverged { get; set; }

    public long Full { get; set; }

    public long CleanedBytes { get; set; }

    public void Add(DisasterTally other)
    {
        Writes += other.Writes;
        Forced += other.Forced;
        Planned += other.Planned;
        Diverged += other.Diverged;
        Full += other.Full;
        CleanedBytes += other.CleanedBytes;
    }
}
