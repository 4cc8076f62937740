using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Blocks;
using Skerry.Blocks.Tests.Log;
using Skerry.Domain;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Movers.Native;
using Skerry.Movers.Tests.Native.Disasters;
using Skerry.State.Clocks;

namespace Skerry.Movers.Tests.Native;

/// <summary>Sites with one block store each, their movers and endpoints, joined in memory. Who is primary is what the test says.</summary>
internal sealed class TestCloud : IAsyncDisposable
{
    public const string Volume = "11111111-2222-4333-8444-555555555555";
    public const string Replication = "99999999-8888-4777-8666-555555555555";

    private readonly List<TestSite> _sites = [];

    public NativeMoverOptions Options { get; init; } = new()
    {
        FlushInterval = TimeSpan.FromMilliseconds(20),
        HeartbeatInterval = TimeSpan.FromMilliseconds(50),
        RetryMin = TimeSpan.FromMilliseconds(5),
        RetryMax = TimeSpan.FromMilliseconds(20),
        ChunkBytes = 64 << 10,
        CursorBytes = 128 << 10,
    };

    /// <summary>The generation that all sites know.</summary>
    public Generation Current { get; set; } = new(Volume, 1, "g1", "", 0, null, true);

    public List<Generation> Generations { get; } = [];

    /// <summary>How many bytes a new link carries before it breaks.</summary>
    public Func<long> LinkBytes { get; set; } = () => long.MaxValue;

    /// <summary>How long each piece takes that a new link carries.</summary>
    public Func<TimeSpan> LinkDelay { get; set; } = () => TimeSpan.Zero;

    /// <summary>What is done to one end of a new link: its own socket, or one that does something wrong.</summary>
    public Func<WebSocket, WebSocket> LinkEnd { get; set; } = s => s;

    public bool IsCutOff { get; set; }

    public MemoryLedger Ledger { get; } = new();

    public bool MayResync { get; set; } = true;

    /// <summary>A replica that passes on what it has, beside the primary.</summary>
    public TestSite? PassesOn { get; set; }

    /// <param name="number">Of the site.</param>
    /// <param name="clockOff">By how much its clock is wrong.</param>
    /// <param name="layout">Of its store.</param>
    /// <param name="isOld">Whether it speaks version 1 and has not heard of features.</param>
    public TestSite Add(ulong number, TimeSpan clockOff = default, BlockStoreOptions? layout = null, bool isOld = false)
    {
        var options = isOld ? new NativeMoverOptions
        {
            FlushInterval = Options.FlushInterval,
            HeartbeatInterval = Options.HeartbeatInterval,
            RetryMin = Options.RetryMin,
            RetryMax = Options.RetryMax,
            ProbeInterval = Options.ProbeInterval,
            Features = null,
        } : Options;
        var site = new TestSite(this, number, clockOff, layout, options);
        Strikes.Add(site);
        site.Start();
        _sites.Add(site);
        return site;
    }

    public void Raise(TestSite primary, long fork, bool isPlanned = false)
    {
        Current = new Generation(Volume, Current.Number + 1, $"g{Current.Number + 1}", primary.Name, fork, Current.Id, isPlanned);
        Generations.Add(Current);
    }

    public void Begin(TestSite primary)
    {
        Current = Current with { Site = primary.Name };
        Generations.Add(Current);
    }

    public TestSite Find(string name) => _sites.Single(s => s.Name == name);

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites)
        {
            await site.StopAsync();
            Strikes.Remove(site);
        }
    }
}

/// <summary>One site of a <see cref="TestCloud"/>.</summary>
internal sealed class TestSite(TestCloud cloud, ulong number, TimeSpan clockOff, BlockStoreOptions? layout, NativeMoverOptions options)
    : ISiteDialer, IReplicaAdmission, IStrikeable
{
    private readonly Lock _striking = new();
    private readonly List<MemoryLink> _links = [];
    private readonly List<Task> _serving = [];
    private CancellationTokenSource _stop = new();
    private FaultyStorage _storage = new();
    private FaultyStorage? _afterBlow;
    private readonly HashSet<string> _struckAt = [];
    private (string? Moment, int After, Blow Blow)? _due;
    private (string Moment, Blow Blow)? _aim;
    private Random _blowChance = new(0);
    private long _taken;
    private volatile bool _isUp;
    private volatile bool _isStruck;

    public SiteId Id { get; } = SiteId.Parse(number.ToString("x16"));

    public string Name => Id.ToString();

    public ShiftedTime Time { get; } = new(clockOff);

    /// <summary>True when it is of the version before features.</summary>
    public bool IsOld => options.Features is not { Count: > 0 };

    /// <summary>True when a blow killed it or took its power; <see cref="ReviveAsync"/> starts it again.</summary>
    public bool IsStruck => _isStruck;

    public BlockStore Store { get; private set; } = null!;

    /// <summary>How many files of the store were synced since it was opened.</summary>
    public int Syncs => _storage.Syncs;

    public NativeMover Mover { get; private set; } = null!;

    public NativeReplicas Replicas { get; private set; } = null!;

    public NativeReplicaEndpoint Endpoint { get; private set; } = null!;

    public NativeMarks Marks { get; private set; } = null!;

    public List<string> KeptSnapshots { get; } = [];

    public BootClock BootClock { get; set; } = BootClock.System;

    /// <summary>The room of the site's store; 0 for no bound. Taken up by the next start.</summary>
    public long CapacityBytes { get; set; }

    public void Start()
    {
        _stop = new CancellationTokenSource();
        Store = BlockStore.Open(
            new BlockStoreOptions
            {
                Directory = "memory",
                SegmentBytes = layout?.SegmentBytes ?? 1 << 20,
                CheckpointBytes = layout?.CheckpointBytes ?? 4 << 20,
                CapacityBytes = CapacityBytes > 0 ? CapacityBytes : layout?.CapacityBytes ?? 0,
                TimeProvider = Time,
            },
            _storage);
        var stores = new BlockStoreSet(new Dictionary<string, BlockStore> { ["ssd"] = Store });
        Replicas = new NativeReplicas(stores, BootClock);
        Marks = new NativeMarks(Replicas, stores);
        Endpoint = new NativeReplicaEndpoint(
            Replicas, this, options, Time, NullLogger<NativeReplicaEndpoint>.Instance);
        Mover = new NativeMover(
            stores, this, new SiteLedger(this, cloud.Ledger), BootClock, options, Time, new Random((int)number), NullLogger<NativeMover>.Instance);
        _isUp = true;
    }

    /// <summary>The power goes: whatever was not synced may be lost, in part or whole.</summary>
    public async Task CrashAsync(Random chance)
    {
        var image = PowerLost(chance);
        await StopAsync();
        _storage = image;
        Start();
    }

    /// <summary>From now on the site is struck at this moment, or at any, the nth time that it comes to it.</summary>
    public void Arm(string? moment, int after, Blow blow, Random chance)
    {
        lock (_striking)
        {
            (_due, _blowChance) = ((moment, after, blow), chance);
        }
    }

    /// <summary>True until the blow has come.</summary>
    public bool IsArmed
    {
        get
        {
            lock (_striking)
            {
                return _due is not null;
            }
        }
    }

    /// <summary>As <see cref="Arm"/>, beside it, until the blow has come or <see cref="Disarm"/>.</summary>
    public void Aim(string moment, Blow blow, Random chance)
    {
        lock (_striking)
        {
            (_aim, _blowChance) = ((moment, blow), chance);
        }
    }

    /// <summary>Whether a blow has ever come there at this moment.</summary>
    public bool WasStruckAt(string moment)
    {
        lock (_striking)
        {
            return _struckAt.Contains(moment);
        }
    }

    /// <summary>No blow comes after this returns; one may have come.</summary>
    public void Disarm()
    {
        lock (_striking)
        {
            (_due, _aim) = (null, null);
        }
    }

    /// <summary>Starts the site again with what the blow left. Harmless when none came.</summary>
    public async Task ReviveAsync()
    {
        if (!_isStruck)
        {
            return;
        }

        await StopAsync();
        lock (_striking)
        {
            // The blow is over once its image is taken, which is under this lock.
            _storage = _afterBlow!;
            (_afterBlow, _isStruck) = (null, false);
        }

        Start();
    }

    long IStrikeable.KnownGeneration(string volumeId) => 0;

    bool IStrikeable.Owns(object at) => at is BlockVolume volume && ReferenceEquals(Store?.Find(volume.Id), volume);

    Blow? IStrikeable.Meet(string moment)
    {
        lock (_striking)
        {
            if (_isStruck || Due(moment) is not { } blow)
            {
                return null;
            }

            _struckAt.Add(moment);
            if (blow is Blow.Kill or Blow.PowerLoss)
            {
                // Links first: what was said before was true before, and nothing is said after.
                (_isUp, _isStruck) = (false, true);
                Cut();
                _afterBlow = blow == Blow.Kill ? _storage.Kill() : PowerLost(_blowChance);
            }

            return blow;
        }
    }

    /// <summary>The blow that is due at this moment; under the lock.</summary>
    private Blow? Due(string moment)
    {
        if (_aim is { } aim && aim.Moment == moment)
        {
            _aim = null;
            return aim.Blow;
        }

        if (_due is not var (due, after, blow) || (due is not null && due != moment))
        {
            return null;
        }

        _due = after > 1 ? (due, after - 1, blow) : null;
        return after > 1 ? null : blow;
    }

    async ValueTask IStrikeable.TakeAsync(Blow blow)
    {
        switch (blow)
        {
            case Blow.Cut:
                // The rest of the step runs when the session has noticed.
                Cut();
                await Task.Delay(cloud.Options.FlushInterval * 3);
                break;
            case Blow.Stall:
                Stall();
                break;
            case Blow.Wait:
                await Task.Delay(30);
                break;
            default:
                break;
        }
    }

    /// <summary>Others fill its disk, but for so much.</summary>
    public void Fill(long leftBytes) => _taken += _storage.TakeRoom(leftBytes);

    public void MakeRoom()
    {
        _storage.GiveRoomBack(_taken);
        _taken = 0;
    }

    /// <summary>Turns bits of the files that it keeps.</summary>
    public FaultyStorage Files => _storage;

    private FaultyStorage PowerLost(Random chance) => _storage.Crash(chance, chance.Next(3) == 0 ? Unsynced.Lost : Unsynced.Any);

    /// <summary>The process is killed: what it wrote is there, synced or not.</summary>
    public async Task KillAsync()
    {
        var image = _storage.Kill();
        await StopAsync();
        _storage = image;
        Start();
    }

    public async Task StopAsync()
    {
        if (!_isUp && !IsStruck)
        {
            return;
        }

        _isUp = false;
        await _stop.CancelAsync();
        Cut();
        await Mover.DisposeAsync();
        Task[] serving;
        lock (_serving)
        {
            serving = [.. _serving];
            _serving.Clear();
        }

        await Task.WhenAll(serving);
        try
        {
            await Store.DisposeAsync();
        }
        catch (BlockException) when (_taken > 0)
        {
            // Its disk is full: the maps are not saved, and the log is read again at the next start.
        }
    }

    public void Cut()
    {
        lock (_links)
        {
            _links.ForEach(l => l.Cut());
            _links.Clear();
        }
    }

    public void Stall()
    {
        lock (_links)
        {
            _links.ForEach(l => l.Stall());
        }
    }

    public async Task<BlockVolume> CreateAsync(long sizeBytes)
    {
        var volume = await Store.CreateAsync(TestCloud.Volume, sizeBytes, CancellationToken.None);
        await volume.BeginRunAsync(cloud.Current.Number, CancellationToken.None);
        return volume;
    }

    public ValueTask<BlockVolume> OpenAsync() => Store.OpenAsync(TestCloud.Volume, CancellationToken.None);

    /// <summary>The relation of the two, whichever of them is primary; that of the first two is <see cref="TestCloud.Replication"/>.</summary>
    public string ReplicationTo(TestSite target)
    {
        var (low, high) = string.CompareOrdinal(Name, target.Name) < 0 ? (Name, target.Name) : (target.Name, Name);
        return (low[^1], high[^1]) is ('1', '2') ? TestCloud.Replication : $"{TestCloud.Replication}-{low[^1]}{high[^1]}";
    }

    public MoverTask TaskTo(TestSite target, DateTimeOffset? run = null) =>
        new(ReplicationTo(target), TestCloud.Volume, "ssd", target.Name, cloud.Current, run);

    public async Task<MoverReport> UntilAsync(MoverTask task, Func<MoverReport, bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var report = Mover.Synchronize(task);
            if (condition(report))
            {
                return report;
            }

            Assert.True(DateTime.UtcNow < deadline, $"still {report}");
            await Task.Delay(5);
        }
    }

    /// <summary>Streams until the replica has, durably, everything that is written now.</summary>
    public async Task FollowAsync(TestSite target)
    {
        var task = TaskTo(target);
        var last = (await OpenAsync()).Lineage.LastNumber;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!patience.IsCancellationRequested)
        {
            await UntilAsync(task, r => r.State == ReplicationWords.Secondary && r.IsConnected);
            if (await Mover.SettleAsync(task.ReplicationId, patience.Token) is { } durable)
            {
                Assert.True(durable >= last, $"durable is {durable}, the primary is at {last}");
                return;
            }
        }

        Assert.Fail($"it never settled: {Mover.Synchronize(task)}");
    }

    public ValueTask<WebSocket> ConnectAsync(SiteId site, string path, CancellationToken cancellationToken)
    {
        var target = cloud.Find(site.ToString());
        if (cloud.IsCutOff || !target._isUp || !_isUp)
        {
            throw new IOException("The site cannot be reached.");
        }

        var link = new MemoryLink(cloud.LinkBytes(), cloud.LinkDelay());
        var (near, far) = (cloud.LinkEnd(link.Client), cloud.LinkEnd(link.Server));
        lock (_links)
        {
            _links.Add(link);
        }

        lock (target._links)
        {
            target._links.Add(link);
        }

        if (!_isUp || !target._isUp)
        {
            link.Cut();
        }

        lock (target._serving)
        {
            target._serving.Add(target.Endpoint.ServeAsync(far, Name, target._stop.Token));
        }

        return ValueTask.FromResult(near);
    }

    public AdmissionVerdict Judge(string replicationId, string volumeId, string peer, long generation, string generationId)
    {
        var current = cloud.Current;
        return (current.Site == peer || cloud.PassesOn?.Name == peer) && current.Number == generation && current.Id == generationId
            ? new AdmissionVerdict("ssd", cloud.MayResync, null, false, current.Number)
            : new AdmissionVerdict(null, false, Refusal.State("It is not the primary."), true, current.Number);
    }

    public bool WasPrimaryHere(string volumeId, long generation) =>
        cloud.Generations.Any(g => g.Number == generation && g.Site == Name);

    public ValueTask KeepDivergedAsync(
        string volumeId, string snapshotId, string name, long sizeBytes, string position, CancellationToken cancellationToken)
    {
        if (!KeptSnapshots.Contains(name))
        {
            KeptSnapshots.Add(name);
        }

        return default;
    }
}

/// <summary>Notes that flushes go on by themselves, in memory that outlives every site.</summary>
internal sealed class MemoryLedger : IAckLedger
{
    private readonly ConcurrentDictionary<string, string> _notes = [];
    private volatile bool _isBroken;
    private int _written;

    /// <summary>Of the first relation.</summary>
    public string? Note => Of(TestCloud.Replication);

    public int Notes => Volatile.Read(ref _written);

    /// <summary>Nothing can be noted: the state's disk fails.</summary>
    public bool IsBroken
    {
        get => _isBroken;
        set => _isBroken = value;
    }

    public string? Of(string replicationId) => _notes.GetValueOrDefault(replicationId);

    public ValueTask NoteLocalOnlyAsync(string replicationId, string reason, CancellationToken cancellationToken)
    {
        if (_isBroken)
        {
            throw new IOException("the state cannot be written");
        }

        _notes[replicationId] = reason;
        Interlocked.Increment(ref _written);
        return default;
    }

    public ValueTask ClearLocalOnlyAsync(string replicationId, CancellationToken cancellationToken)
    {
        _notes.TryRemove(replicationId, out _);
        return default;
    }
}

/// <summary>The ledger as one site reaches it: what died notes nothing any more.</summary>
internal sealed class SiteLedger(TestSite site, MemoryLedger ledger) : IAckLedger
{
    public ValueTask NoteLocalOnlyAsync(string replicationId, string reason, CancellationToken cancellationToken) =>
        site.IsStruck ? throw new IOException("the site is dead") : ledger.NoteLocalOnlyAsync(replicationId, reason, cancellationToken);

    public ValueTask ClearLocalOnlyAsync(string replicationId, CancellationToken cancellationToken) =>
        site.IsStruck ? throw new IOException("the site is dead") : ledger.ClearLocalOnlyAsync(replicationId, cancellationToken);
}
