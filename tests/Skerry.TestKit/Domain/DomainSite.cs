using Skerry.Domain;
using Skerry.Domain.Conflicts;
using Skerry.Domain.Operations;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Drivers;
using ReplicationTargets = Skerry.Domain.Replication.ReplicationTargets;

namespace Skerry.TestKit.Domain;

/// <summary>
/// One site's domain on a store and a disk in memory, with real services and reconcilers that the test steps. What it keeps
/// survives <see cref="RestartAsync"/>; sites hear of each other when the test hands their mutations over.
/// </summary>
public sealed class DomainSite : IAsyncDisposable
{
    private readonly Func<IStateStore> _openStore;
    private readonly MemoryDisk _disk = new();
    private readonly SiteId _id;
    private readonly string _name;
    private readonly TimeProvider _time;
    private CancellationTokenSource _stopped = new();
    private int _starts;

    private DomainSite(string name, TimeProvider time, Func<IStateStore> openStore)
    {
        _name = name;
        _time = time;
        _openStore = openStore;
        _id = SiteId.Create(new Random(SeedOf(name)));
    }

    public static Actor Admin { get; } = new("admin", "user-admin", "project-admin", ["admin", "member", "reader"]);

    public SiteContext Context { get; private set; } = null!;

    public Replica Replica => Context.Replica;

    public MemoryVolumeDriver Driver { get; private set; } = null!;

    public ExportRegistry Exports { get; private set; } = null!;

    public OperationService Operations { get; private set; } = null!;

    public VolumeService Volumes { get; private set; } = null!;

    public SnapshotService Snapshots { get; private set; } = null!;

    public SnapshotDiffService Diffs { get; private set; } = null!;

    public VolumeTypeService Types { get; private set; } = null!;

    public QosService Qos { get; private set; } = null!;

    public QuotaService Quotas { get; private set; } = null!;

    public ConnectionService Connections { get; private set; } = null!;

    public AttachmentService Attachments { get; private set; } = null!;

    public ConflictService Conflicts { get; private set; } = null!;

    public ConflictHistory ConflictHistory { get; private set; } = null!;

    public OperationReconciler OperationReconciler { get; private set; } = null!;

    /// <summary>Fires when the site stops: what a test holds up goes on then.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>Handlers beside those of volumes; taken up by the next start.</summary>
    public List<IOperationHandler> MoreHandlers { get; } = [];

    /// <summary>The drivers of this site in place of the one in memory; taken up by the next start.</summary>
    public Func<ExportRegistry, IEnumerable<IVolumeDriver>>? MakeDrivers { get; set; }

    /// <summary>Where the volumes of this site may be replicated to; taken up by the next start.</summary>
    public ReplicationTargets Targets { get; set; } = ReplicationTargets.Any;

    /// <summary>Where exports are said to be served.</summary>
    public LoopbackNbdAddress NbdAddress { get; } = new();

    public List<IVolumeDeleteGuard> DeleteGuards { get; } = [];

    private IReadOnlyList<IReconciler> Reconcilers { get; set; } = [];

    /// <summary>Starts a site of that name; its id follows from the name, and the chance of a start from how many there were before.</summary>
    public static async Task<DomainSite> StartAsync(
        string name, TimeProvider time, Func<IStateStore>? openStore = null, Action<DomainSite>? prepare = null, int startsBefore = 0)
    {
        var memory = new MemoryStore();
        var site = new DomainSite(name, time, openStore ?? (() => memory)) { _starts = startsBefore };
        prepare?.Invoke(site);
        await site.OpenAsync();
        return site;
    }

    /// <summary>A member of a project, as a token makes one.</summary>
    public static Actor Member(string name, string projectId) => new(name, $"user-{name}", projectId, ["member", "reader"]);

    /// <summary>Stops without ado and starts on what is stored.</summary>
    public async Task RestartAsync()
    {
        await DisposeAsync();
        await OpenAsync();
    }

    /// <summary>Steps all reconcilers until none of them has anything to do and no operation is under way.</summary>
    public async Task SettleAsync()
    {
        for (var quiet = 0; quiet < 2;)
        {
            var before = Replica.Vector;
            foreach (var reconciler in Reconcilers)
            {
                await reconciler.StepAsync(CancellationToken.None);
            }

            var busy = OperationReconciler.UnderWay > 0;
            quiet = busy || !Replica.Vector.Equals(before) ? 0 : quiet + 1;
            await Task.Delay(busy ? 2 : 0);
        }
    }

    /// <summary>Hands what this site has and the other lacks over to it.</summary>
    public async Task SendAsync(DomainSite to)
    {
        var batch = Replica.ReadLog(to.Replica.Vector, null, int.MaxValue, int.MaxValue);
        await to.Replica.ApplyAsync(batch.Mutations, CancellationToken.None);
    }

    /// <summary>Both ways, until both know the same.</summary>
    public static async Task ExchangeAsync(DomainSite a, DomainSite b)
    {
        await a.SendAsync(b);
        await b.SendAsync(a);
    }

    public async ValueTask DisposeAsync()
    {
        var stopping = OperationReconciler.DisposeAsync();
        await _stopped.CancelAsync();
        await stopping;
        _stopped.Dispose();
        _stopped = new CancellationTokenSource();
        await Replica.DisposeAsync();
    }

    private async Task OpenAsync()
    {
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = _id, Schema = DomainSchema.Schema },
            _openStore(),
            _time,
            new Random(SeedOf(_name) + ++_starts),
            CancellationToken.None);
        Context = new SiteContext(replica, _id, _name, _name, _time, new SeededIds(SeedOf(_name) + _starts));
        Driver = new MemoryVolumeDriver("ssd", _disk);
        Exports = new ExportRegistry(Context);
        var drivers = new VolumeDrivers(MakeDrivers?.Invoke(Exports) ?? [Driver]);
        Operations = new OperationService(Context);
        Volumes = new VolumeService(Context, Operations, DeleteGuards);
        Snapshots = new SnapshotService(Context, Operations);
        Diffs = new SnapshotDiffService(Context, drivers);
        Types = new VolumeTypeService(Context);
        Qos = new QosService(Context);
        Quotas = new QuotaService(Context);
        Connections = new ConnectionService(Context, Exports, NbdAddress);
        Attachments = new AttachmentService(Context);
        Conflicts = new ConflictService(Context);
        ConflictHistory = new ConflictHistory(Context);
        OperationReconciler = new OperationReconciler(
            Context, [.. VolumeOperations.Handlers(Context, drivers, Exports, DeleteGuards), .. MoreHandlers]);
        var backends = new BackendReconciler(Context, drivers, Targets);
        Reconcilers = [new FenceReconciler(Context, drivers, Exports), new SnapshotReconciler(Context, drivers, Exports), new VolumeReconciler(Context, drivers), OperationReconciler];

        await replica.CommitAsync(
            transaction => transaction.SetIfDifferent(
                new EntityKey(EntityKinds.Site, Context.SelfText), "name", FieldValue.FromString(_name)),
            new CommitOptions("start"),
            CancellationToken.None);
        await Types.EnsureDefaultsAsync([Driver.DriverName], CancellationToken.None);
        await backends.StepAsync(CancellationToken.None);
    }

    private static int SeedOf(string name) => name.Aggregate(17, (hash, c) => unchecked((hash * 31) + c));

    /// <summary>An NBD server on this machine; the port is set once it listens.</summary>
    public sealed class LoopbackNbdAddress : INbdAddress
    {
        public string Host => "127.0.0.1";

        public int Port { get; set; } = 10809;

        public bool KnowsClients { get; set; }
    }
}
