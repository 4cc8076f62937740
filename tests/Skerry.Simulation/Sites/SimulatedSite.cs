using Skerry.Simulation.Faults;
using Skerry.Simulation.Runs;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation.Sites;

/// <summary>A site with the real replica on a disk that outlives its processes. A clone is another one of these with the same id.</summary>
internal sealed class SimulatedSite(int index, SiteId id, DiskContent content, RunPlan plan, VirtualTime time, Chance chance)
{
    private SimulatedStore? _store;

    public SiteId Id => id;

    /// <summary>Counts the sites of a run, clones too.</summary>
    public int Index => index;

    public SimulatedDisk Disk { get; } = new(content);

    public VirtualClock Clock { get; } = new(time);

    /// <summary>The rules as this site's version has them.</summary>
    public StateSchema Schema { get; init; } = SimulatedSchema.Current;

    public bool IsOld => Schema != SimulatedSchema.Current;

    /// <summary>How much of its log it keeps for peers.</summary>
    public long LogBytes { get; init; } = long.MaxValue;

    public Replica? Replica { get; private set; }

    public SiteLocal? Local { get; private set; }

    public bool IsUp => Replica is not null;

    /// <summary>A clone that was found and stopped: it never comes back.</summary>
    public bool IsGone { get; set; }

    /// <summary>Its operator keeps it down: nothing starts it by itself.</summary>
    public bool IsHeldDown { get; set; }

    /// <summary>Counts its processes, so that what an earlier one began is told apart.</summary>
    public int Life { get; private set; }

    /// <summary>Writes of this process that were begun and not answered.</summary>
    public int WritesUnderWay { get; set; }

    /// <summary>Its own last acknowledged stamp or below it; a copy of its disk may not know of it.</summary>
    public Hlc LastStamp { get; set; }

    public async ValueTask StartAsync(Func<FaultKind?> nextFault, Action<FaultKind> die, Action refused)
    {
        var life = ++Life;
        _store?.Die();
        WritesUnderWay = 0;
        var store = new SimulatedStore(Disk, time, chance, plan.DiskDelay, nextFault, die, refused);
        _store = store;
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = id, Schema = Schema, Limits = new ReplicaLimits { MaxLogBytes = LogBytes } },
            store, Clock, new Random(chance.Source.Next()), CancellationToken.None);
        if (life != Life)
        {
            return;
        }

        Replica = replica;
        Local = new SiteLocal(replica, () => "cloud", plan.Sync, Clock, new Random(chance.Source.Next()))
        {
            Features = IsOld ? [] : Features.Spoken,
        };
    }

    public void Die()
    {
        Life++;
        _store?.Die();
        Replica = null;
        Local = null;
    }
}
