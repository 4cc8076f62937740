using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Tests.Log;
using Skerry.Domain;
using Skerry.Domain.Events;
using Skerry.Domain.Groups;
using Skerry.Domain.Operations;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Domain.Volumes;
using Skerry.Drivers.Native;
using Skerry.Movers.Native;
using Skerry.Movers.Tests.Native;
using Skerry.Movers.Tests.Native.Disasters;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.State;

namespace Skerry.Movers.Tests.Recovery;

/// <summary>Sites with everything that moves a volume's primary, running by themselves; links in memory that the test cuts.</summary>
internal sealed class LiveCloud : IAsyncDisposable
{
    public List<LiveSite> Sites { get; } = [];

    /// <summary>Sites that nobody reaches and that reach nobody.</summary>
    public HashSet<string> CutOff { get; } = [];

    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>True while links carry blocks and no state: what the sites decide is not told to each other.</summary>
    public bool IsStateHeldBack { get; set; }

    public bool IsLinked(LiveSite one, LiveSite other) =>
        one.IsUp && other.IsUp && !CutOff.Contains(one.Name) && !CutOff.Contains(other.Name);

    /// <param name="name">Of the site.</param>
    /// <param name="trashTime">How long replicas stay in its trash.</param>
    /// <param name="clockOff">By how much its wall clock is wrong.</param>
    /// <param name="without">What its version has not heard of yet.</param>
    public async Task<LiveSite> AddAsync(string name, TimeSpan? trashTime = null, TimeSpan clockOff = default, IReadOnlyList<string>? without = null)
    {
        var site = new LiveSite(this, name)
        {
            TrashTime = trashTime ?? TimeSpan.FromMilliseconds(500),
            Time = new ShiftedTime(clockOff),
            Without = without ?? [],
        };
        Strikes.Add(site);
        await site.StartAsync(CancellationToken.None);
        Sites.Add(site);
        return site;
    }

    /// <summary>Cuts a site off, with the links that stand.</summary>
    public void Cut(LiveSite site)
    {
        CutOff.Add(site.Name);
        site.CutLinks();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var site in Sites)
        {
            await site.StopAsync();
            Strikes.Remove(site);
        }
    }
}

/// <summary>One site: state, volumes, replication and recovery, its reconcilers in loops of their own.</summary>
internal sealed class LiveSite(LiveCloud cloud, string name) : ISiteDialer, ILinkStatus, IStrikeable
{
    private readonly MemoryStore _state = new();
    private readonly List<MemoryLink> _links = [];
    private readonly List<Task> _tasks = [];
    private CancellationTokenSource _stop = new();
    private readonly Lock _striking = new();
    private OperationReconciler _operationReconciler = null!;
    private (string Moment, Blow Blow)? _due;
    private FaultyStorage? _afterBlow;

    public static Actor Admin { get; } = new("admin", "user-admin", "project-admin", ["admin", "member", "reader"]);

    public string Name => name;

    /// <summary>The site's own; taken up by the next start.</summary>
    public ECDsa Key { get; set; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Id => SiteId.ToString();

    public SiteId SiteId { get; } = SiteId.Create(new Random(name.Aggregate(7, (h, c) => unchecked((h * 31) + c))));

    public bool IsUp { get; private set; }

    /// <summary>Told of each stage of a planned move before any of it is done.</summary>
    public Func<string, string, CancellationToken, ValueTask> AtStage { get; set; } = (_, _, _) => ValueTask.CompletedTask;

    /// <summary>A moment at which whatever reaches it waits.</summary>
    public (string Name, Func<Task> WaitAsync)? AtMoment { get; set; }

    /// <summary>What the site's version has not heard of yet; taken up by the next start.</summary>
    public IReadOnlyList<string> Without { get; set; } = [];

    /// <summary>Taken up by the next start.</summary>
    public IExternalFence Fence { get; set; } = new NoExternalFence();

    public SiteContext Context { get; private set; } = null!;

    /// <summary>The files of the site's store.</summary>
    public FaultyStorage Storage { get; private set; } = new();

    public BlockStore Store { get; private set; } = null!;

    public NativeMover Mover { get; private set; } = null!;

    public NativeReplicaEndpoint Endpoint { get; private set; } = null!;

    public NativeHealEndpoint HealEndpoint { get; private set; } = null!;

    public NativeReplicas Replicas { get; private set; } = null!;

    public ExportRegistry Exports { get; private set; } = null!;

    public OperationService Operations { get; private set; } = null!;

    public VolumeService Volumes { get; private set; } = null!;

    public SnapshotService Snapshots { get; private set; } = null!;

    public SnapshotDiffService Diffs { get; private set; } = null!;

    /// <summary>Outlives restarts, as a directory does.</summary>
    public TransferHistory History { get; } = new(null);

    /// <summary>Outlives restarts, as a file does.</summary>
    public EventJournal Events { get; } = new(null);

    /// <summary>What the site noted: kind, generation and cause of each event.</summary>
    public IReadOnlyList<(string Kind, long? Generation, string? Cause)> Noted => [.. Events.List().Select(e => (e.Kind, e.Generation, e.Cause))];

    public ReplicationService Replications { get; private set; } = null!;

    public RecoveryService Recovery { get; private set; } = null!;

    public TrashService Trash { get; private set; } = null!;

    public DrillService Drills { get; private set; } = null!;

    public required TimeSpan TrashTime { get; init; }

    public required ShiftedTime Time { get; init; }

    public GroupService Groups { get; private set; } = null!;

    public GroupDrillService GroupDrills { get; private set; } = null!;

    public GroupRecovery GroupMoves { get; private set; } = null!;

    public NativeMarks Marks { get; private set; } = null!;

    public SiteMoves SiteMoves { get; private set; } = null!;

    public PlanService Plans => new(Context);

    public IReadOnlyList<LinkReport> Reports =>
    [
        .. cloud.Sites.Where(s => s != this).Select(s => new LinkReport(
            s.SiteId, cloud.IsLinked(this, s) ? LinkHealth.Live : LinkHealth.Silent, Time.GetUtcNow(), Time.GetUtcNow(), null,
            (s.Time.By - Time.By).TotalMilliseconds, null)),
    ];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _stop = new CancellationTokenSource();
        TimeProvider time = Time;
        var replica = await Replica.OpenAsync(
            new Skerry.State.ReplicaOptions { Site = SiteId, Schema = DomainSchema.Schema },
            new FaultyStore(_state) { NextFault = () => IsStruck ? StoreFault.CrashBefore : StoreFault.None }, time, new Random(), cancellationToken);
        Context = new SiteContext(replica, SiteId, name, name, time, new RandomIds());
        Store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 4 << 20, KeyHolder = new KeyHolder(Key) }, Storage);
        var stores = new BlockStoreSet(new Dictionary<string, BlockStore> { ["ssd"] = Store });
        Exports = new ExportRegistry(Context);
        var drivers = new VolumeDrivers([new NativeDriver("ssd", Store, Exports)]);
        var options = new NativeMoverOptions
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(100),
            FlushInterval = TimeSpan.FromMilliseconds(50),
            Features = [.. Movers.Native.Wire.Features.Own.Except(Without)],
        };
        var admission = new ReplicaAdmission(Context);
        Replicas = new NativeReplicas(stores, BootClock.System);
        Endpoint = new NativeReplicaEndpoint(Replicas, admission, options, time, NullLogger<NativeReplicaEndpoint>.Instance);
        var holders = new CopyHolders(Context);
        HealEndpoint = new NativeHealEndpoint(stores, holders, options, time, NullLogger<NativeHealEndpoint>.Instance);
        Store.Healer = new NativeHealer(this, holders, options, time, NullLogger<NativeHealer>.Instance);
        Mover = new NativeMover(stores, this, new AckLedger(Context), BootClock.System, options, time, new Random(), NullLogger<NativeMover>.Instance);
        var guards = new[] { new ReplicatedVolumeGuard(Context, [Mover]) };
        Operations = new OperationService(Context);
        Volumes = new VolumeService(Context, Operations, guards);
        Snapshots = new SnapshotService(Context, Operations);
        Diffs = new SnapshotDiffService(Context, drivers);
        var fresh = new FreshStatuses();
        Replications = new ReplicationService(Context, fresh, History);
        var trash = new ReplicaTrash(
            Context, [Replicas], new TrashOptions { TrashTime = TrashTime });
        Trash = new TrashService(Context, Operations, trash);
        Drills = new DrillService(Context, Operations);
        Recovery = new RecoveryService(Context, Operations, [Replicas], this, Exports, fresh);
        var cuts = new GroupCuts();
        Marks = new NativeMarks(Replicas, stores);
        Groups = new GroupService(Context, Replications, [Marks], this);
        GroupMoves = new GroupRecovery(Context, Operations, Recovery, Groups);
        GroupDrills = new GroupDrillService(Context, Operations, Groups);
        SiteMoves = new SiteMoves(Context, Operations, Recovery, GroupMoves, Replications);
        var joint = new JointMoves();
        _operationReconciler = new OperationReconciler(
            Context,
            [
                .. GroupOperations.Handlers(Context, Recovery, [Marks], drivers, Exports, joint, Fence),
                .. SiteOperations.Handlers(Context, SiteMoves, Recovery, GroupMoves),
                .. VolumeOperations.Handlers(Context, drivers, Exports, guards),
                .. RecoveryOperations.Handlers(
                    Context, drivers, Exports, [Mover], [Replicas], this, trash, Fence, joint, (volumeId, stage, token) => AtStage(volumeId, stage, token)),
            ]);
        var tasks = new MoverTasks(Context, new AckOptions { Lease = cloud.Lease });
        IReconciler[] reconcilers =
        [
            new FenceReconciler(Context, drivers, Exports),
            new SnapshotReconciler(Context, drivers, Exports),
            new VolumeReconciler(Context, drivers, new ArmingGuard(new PromotionGuard([Replicas]), Context, drivers, [Mover], tasks)),
            new BackendReconciler(Context, drivers, ReplicationTargets.Any),
            _operationReconciler,
            new KeyReconciler(Context, drivers),
            new SourceReconciler(Context, drivers, [Mover], fresh, tasks, cuts, History),
            new AutomaticFailoverReconciler(Context, Operations, [Replicas], this),
            new TargetReconciler(Context, [Replicas], fresh, History),
            new ReplicaTrashReconciler(trash),
            new DrillReconciler(Context, Drills, GroupDrills),
            new HandoverReconciler(Context),
            new GroupCutReconciler(Context, drivers, [Mover], cuts, new GroupOptions { RetryAfter = TimeSpan.FromMilliseconds(50) }),
            new GroupPointReconciler(Context, [Marks]),
            new EventReconciler(Context, Events, fresh, new EventOptions()),
        ];
        await Context.DecideAsync(
            Actor.System("start"),
            t => t.SetIfDifferent(new EntityKey(EntityKinds.Site, Id), "name", FieldValue.FromString(name)),
            cancellationToken);
        await new VolumeTypeService(Context).EnsureDefaultsAsync(["native"], cancellationToken);
        IsUp = true;
        _tasks.AddRange(reconcilers.Select(LoopAsync));
        _tasks.Add(SyncAsync());
    }

    public async Task StopAsync()
    {
        if (IsUp || IsStruck)
        {
            IsUp = false;
            await EndAsync();
        }
    }

    private async Task EndAsync()
    {
        var stopping = _operationReconciler.DisposeAsync();
        await _stop.CancelAsync();
        CutLinks();
        await stopping;
        await Mover.DisposeAsync();
        Task[] tasks;
        lock (_tasks)
        {
            tasks = [.. _tasks];
            _tasks.Clear();
        }

        await Task.WhenAll(tasks);
        try
        {
            await Store.DisposeAsync();
        }
        catch (BlockException) when (Storage.FreeBytes == 0)
        {
            // Its disk is full: the maps are not saved, and the log is read again at the next start.
        }

        try
        {
            await Context.Replica.DisposeAsync();
        }
        catch (SimulatedCrashException)
        {
            // It died before.
        }
    }

    /// <summary>True when a blow killed it or took its power; <see cref="ReviveAsync"/> starts it again.</summary>
    public bool IsStruck => Volatile.Read(ref _afterBlow) is not null;

    /// <summary>The site is struck the next time that it comes to this moment.</summary>
    public void Arm(string moment, Blow blow)
    {
        lock (_striking)
        {
            _due = (moment, blow);
        }
    }

    /// <summary>Starts the site again with what the blow left.</summary>
    public async Task ReviveAsync()
    {
        await StopAsync();
        (Storage, _afterBlow) = (_afterBlow!, null);
        await StartAsync(CancellationToken.None);
    }

    bool IStrikeable.IsStruck => !IsUp;

    bool IStrikeable.Owns(object at) =>
        ReferenceEquals(at, Context) || (at is BlockVolume volume && ReferenceEquals(Store?.Find(volume.Id), volume));

    long IStrikeable.KnownGeneration(string volumeId) =>
        IsUp ? Generations.Primary(StateView.Of(Context.Replica), volumeId)?.Current.Number ?? 0 : 0;

    /// <summary>A test holds the site up there, or it dies or loses its power.</summary>
    Blow? IStrikeable.Meet(string moment)
    {
        if (AtMoment is { } held && held.Name == moment)
        {
            return Blow.Wait;
        }

        lock (_striking)
        {
            if (!IsUp || _due is not var (due, blow) || due != moment)
            {
                return null;
            }

            // Links first: what was said before was true before, and nothing is said or written down after.
            (_due, IsUp) = (null, false);
            CutLinks();
            Volatile.Write(ref _afterBlow, blow == Blow.PowerLoss ? Storage.Crash(new Random(moment.Length), Unsynced.Any) : Storage.Kill());
            return blow;
        }
    }

    async ValueTask IStrikeable.TakeAsync(Blow blow) => await (AtMoment?.WaitAsync() ?? Task.CompletedTask);

    /// <summary>The process is killed at this very moment.</summary>
    public async Task KillAsync()
    {
        var image = Storage.Kill();
        await StopAsync();
        Storage = image;
    }

    /// <summary>Tells the cloud the site's certificate, as joining does.</summary>
    public async Task PublishCertificateAsync()
    {
        var request = new CertificateRequest($"CN={name}", Key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await Context.DecideAsync(
            Actor.System("start"),
            t => t.SetIfDifferent(
                new EntityKey(EntityKinds.Site, Id), "certificate", FieldValue.FromString(certificate.ExportCertificatePem()), DomainSchema.OwnerRank),
            CancellationToken.None);
    }

    public void CutLinks()
    {
        lock (_links)
        {
            _links.ForEach(l => l.Cut());
            _links.Clear();
        }
    }

    public ValueTask<WebSocket> ConnectAsync(SiteId site, string path, CancellationToken cancellationToken)
    {
        var target = cloud.Sites.Single(s => s.SiteId == site);
        if (!cloud.IsLinked(this, target))
        {
            throw new IOException($"Site {target.Name} cannot be reached.");
        }

        var link = new MemoryLink();
        foreach (var end in (LiveSite[])[this, target])
        {
            lock (end._links)
            {
                end._links.Add(link);
            }
        }

        lock (target._tasks)
        {
            target._tasks.Add(path == NativeHealer.Path
                ? target.HealEndpoint.ServeAsync(link.Server, Id, target._stop.Token)
                : target.Endpoint.ServeAsync(link.Server, Id, target._stop.Token));
        }

        return ValueTask.FromResult(link.Client);
    }

    /// <summary>What a client that is connected for writing has open, until it is disposed.</summary>
    public async Task<ExportLease> AttachAsync(string volumeId)
    {
        var secret = Context.Ids.NewUuid();
        var key = new EntityKey(EntityKinds.Connection, Context.Ids.NewUuid());
        await Context.DecideAsync(
            Admin,
            transaction =>
            {
                transaction.Set(key, "volume_id", FieldValue.FromString(volumeId));
                transaction.Set(key, "site", FieldValue.FromString(Id));
                transaction.Set(key, "secret_hash", FieldValue.FromString(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret)))));
                return default(Unit);
            },
            CancellationToken.None);
        return Exports.Open(secret) ?? throw new InvalidOperationException($"Volume {volumeId} cannot be attached at {name}.");
    }

    public ValueTask<BlockVolume> OpenAsync(string volumeId) => Store.OpenAsync(volumeId, CancellationToken.None);

    private async Task LoopAsync(IReconciler reconciler)
    {
        await Task.Yield();
        using var feed = Context.Replica.Subscribe(key => reconciler.Kinds.Contains(key.Kind));
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var result = await reconciler.StepAsync(_stop.Token);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                limit.CancelAfter(result.Again ?? TimeSpan.FromSeconds(60));
                await feed.ReadAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The next step, or the end.
            }
            catch (Exception) when (_stop.IsCancellationRequested || !IsUp)
            {
                // What it worked on is closing, or dead.
                await Task.Delay(10);
            }
            catch (Exception e)
            {
                // As the daemon does: a step that failed is told of, and tried again.
                TestContext.Current.SendDiagnosticMessage("{0}: a step of {1} failed: {2}", name, reconciler.Name, e);
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Sends what this site has to whoever it reaches, a few times in a tenth of a second.</summary>
    private async Task SyncAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var peer in cloud.Sites.Where(s => s != this && cloud.IsLinked(this, s) && !cloud.IsStateHeldBack).ToList())
            {
                try
                {
                    var batch = Context.Replica.ReadLog(peer.Context.Replica.Vector, null, int.MaxValue, int.MaxValue);
                    await peer.Context.Replica.ApplyAsync(batch.Mutations, CancellationToken.None);
                }
                catch (Exception) when (!peer.IsUp || !IsUp)
                {
                    // One of the two stopped meanwhile.
                }
            }

            await Task.Delay(10);
        }
    }
}
