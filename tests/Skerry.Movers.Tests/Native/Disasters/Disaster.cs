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
internal sealed partial class Disaster
{
    private const int Blocks = 192;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LetStreamFor = TimeSpan.FromMilliseconds(100);

    private readonly Chance _chance;
    private readonly IReadOnlyList<string> _aims;
    private readonly DiskHistory _history = new();
    private readonly Dictionary<string, Lineage> _taken = [];
    private readonly HashSet<string> _takenByThisPrimary = [];
    private readonly bool _isChurning;
    private readonly bool _isUnhurried;
    private TestCloud _cloud = null!;
    private TestSite _primary = null!;
    private TestSite _replica = null!;
    private TestSite? _bystander;
    private (ulong Run, long Number)? _flushed;
    private DateTimeOffset _raisedAt;
    private int _aimed;

    /// <param name="chance">Decides everything but the order of tasks.</param>
    /// <param name="aims">Moments to strike at, in turn.</param>
    public Disaster(Chance chance, IReadOnlyList<string> aims)
    {
        (_chance, _aims) = (chance, aims);
        (_isChurning, _isUnhurried) = (chance.OneIn(4), !chance.OneIn(3));
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
                ProbeInterval = TimeSpan.FromMilliseconds(100),
                TapBoundBytes = _chance.OneIn(3) ? 128 << 10 : 64 << 20,
            },
        };
        (_primary, _replica) = (Add(1), Add(2));
        _bystander = _chance.OneIn(3) ? Add(3) : null;
        cloud.Begin(_primary);
        Weather();
        await _primary.CreateAsync(Blocks * IBlockDevice.BlockSize);
        foreach (var target in Others(_primary))
        {
            ChangeTerms(target);
        }

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
        HoldAim();
        await LetStreamAsync();
        switch (_chance.Below(19))
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
            case 14:
                ChangeTerms(_chance.OneIn(4) && _bystander is not null ? _bystander : _replica);
                break;
            case 15 when _chance.OneIn(2):
                await ChangeModeAsync();
                break;
            case 16 or 18:
                await CutGroupAsync();
                break;
            case 17 when _chance.OneIn(2):
                await DrillAsync();
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

    /// <summary>One site will be struck when it comes to a moment, now at an aim and now anywhere.</summary>
    private void Arm()
    {
        var site = _chance.OneIn(2) || _bystander is null ? _chance.OneIn(2) ? _primary : _replica : _bystander;
        var moment = _chance.OneIn(3) ? null : _chance.Pick(_aims);
        site = moment is null ? site : IsOfSource(moment) ? _primary : site == _primary ? _replica : site;
        site.Arm(moment, 1 + _chance.Below(moment is null ? 30 : 3), DrawBlow(), DrawRandom());
    }

    /// <summary>
    /// One aim at a time, held until somebody was struck there: so most of the time goes to the moments that come seldom. After that,
    /// or when a disaster seems not to come there, the next is taken up in a while.
    /// </summary>
    private void HoldAim()
    {
        var sites = Others(_primary).Append(_primary).ToList();
        if (sites.Any(s => s.WasStruckAt(_aims[_aimed % _aims.Count])))
        {
            if (!_chance.OneIn(4))
            {
                return;
            }

            _aimed++;
        }

        var moment = _aims[_aimed % _aims.Count];
        foreach (var site in sites.Where(s => s == _primary == IsOfSource(moment) && !s.WasStruckAt(moment)))
        {
            site.Aim(moment, DrawBlow(), DrawRandom());
        }
    }

    private static bool IsOfSource(string moment) => moment.StartsWith("source.", StringComparison.Ordinal);

    private Blow DrawBlow() => _chance.Below(10) switch { < 3 => Blow.Kill, < 6 => Blow.PowerLoss, < 8 => Blow.Cut, 8 => Blow.Wait, _ => Blow.Stall };

    private Random DrawRandom() => new(_chance.Below(int.MaxValue));

    /// <summary>In most disasters replicas are given time to come to the stream; else they would be catching up for ever.</summary>
    private async Task LetStreamAsync()
    {
        if (!_isUnhurried || _cloud.IsCutOff || _chance.OneIn(3))
        {
            return;
        }

        var task = TaskTo(_replica);
        for (var deadline = DateTime.UtcNow + LetStreamFor; DateTime.UtcNow < deadline && !_primary.IsStruck && !_replica.IsStruck;)
        {
            var report = _primary.Mover.Synchronize(task);
            if (report.State == ReplicationWords.Secondary || (task.Run is { } run && report.CompletedRun >= run))
            {
                return;
            }

            await Task.Delay(3);
        }
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

        await BeginRunAsync(site, volume);
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
        _runs.Remove(_replica);
        Others(_primary).ToList().ForEach(s => s.MakeRoom());
        if (mayStrike)
        {
            Arm();
            HoldAim();
        }

        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            await ReviveAsync();
            var (primary, task) = (_primary, TaskTo(_replica));
            var lineage = (await primary.OpenAsync()).Lineage;
            Synchronize();
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
        if (!_primary.IsStruck && (await _primary.OpenAsync()).Gate is not null)
        {
            await AssertWritableAsync();
        }

        (cloud.IsCutOff, cloud.LinkBytes, cloud.LinkDelay, cloud.LinkEnd) = (isCutOff, bytes, delay, end);
        if (!_primary.IsStruck && !_replica.IsStruck)
        {
            NoteDurable(_replica, (await _primary.OpenAsync()).Lineage.LastNumber, "one who waited for all");
            await AssertEqualAsync();
        }
    }

    /// <summary>With all links up, whoever holds acknowledgements back comes to let them go.</summary>
    private async Task AssertWritableAsync()
    {
        var isWritten = false;
        for (var deadline = DateTime.UtcNow + Patience; !(isWritten |= await WriteOneAsync()) || !await FlushAsync(TimeSpan.FromSeconds(1));)
        {
            Assert.True(
                DateTime.UtcNow < deadline,
                $"in fair weather a {(isWritten ? "flush" : "write")} is not acknowledged: {string.Join(" and ", Others(_primary).Select(t => $"{TaskTo(t).Acks}: {_primary.Mover.Synchronize(TaskTo(t))}"))}");
            await ReviveAsync();
            Synchronize();
        }

        await _primary.FollowAsync(_replica);
    }

    private async Task AssertEqualAsync()
    {
        var (source, replica) = (await _primary.OpenAsync(), await _replica.OpenAsync());
        Assert.Equal(source.Lineage, replica.Lineage);
        await _history.AssertHoldsAsync(source, source.Lineage, "the primary");
        await _history.AssertHoldsAsync(replica, replica.Lineage, "the replica");
        await AssertSnapshotsAsync(source, replica);
        await AssertMarksAsync(replica);
    }

    private async Task ComeTogetherAsync()
    {
        _runs.Clear();
        await FollowAsync();
        await AssertEqualAsync();
        Assert.DoesNotContain((await _replica.OpenAsync()).Snapshots, s => s.Id == ReplicaCopy.RecoverySnapshot);
        if (_bystander is not null)
        {
            (_replica, _bystander) = (_bystander, _replica);
            await FollowAsync();
        }

        for (var deadline = DateTime.UtcNow + Patience; (await _primary.OpenAsync()).Snapshots.Any(s => s.Id.StartsWith("repl-", StringComparison.Ordinal));)
        {
            // The other replica may be on its way still.
            Assert.True(DateTime.UtcNow < deadline, "what was kept for a transfer is kept after it");
            await Task.Delay(3);
        }

        Tally.Writes += _history.Count;
    }
}
