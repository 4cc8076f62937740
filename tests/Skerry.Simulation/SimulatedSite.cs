using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync;
using Skerry.Sync.Protocol;
using Skerry.TestKit.State;
using Skerry.TestKit.Sync;

namespace Skerry.Simulation;

/// <summary>A site with the real replica on a disk that survives its crashes.</summary>
internal sealed class SimulatedSite(int index, Random random, VirtualTime time)
{
    // What the disk holds: a crash loses what had not reached it.
    private readonly MemoryStore _disk = new();

    public static StateSchema Schema { get; } = new(
    [
        new FieldRule("thing", "owned", MergeRule.Owner),
        new FieldRule("thing", "held", MergeRule.Hold),
        new FieldRule("thing", "ruled", MergeRule.Hub),
    ]);

    public SiteId Id { get; } = new((ulong)index + 1);

    public int Index => index;

    public VirtualClock Clock { get; } = new(time);

    public Replica? Replica { get; private set; }

    public SiteLocal? Local { get; private set; }

    public bool IsUp => Replica is not null;

    /// <summary>Decides how the next write to the disk ends.</summary>
    public Func<StoreFault> NextFault { get; set; } = () => StoreFault.None;

    public async ValueTask StartAsync(SyncOptions options, long logBytes)
    {
        var store = new FaultyStore(_disk) { NextFault = () => NextFault() };
        Replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = Id, Schema = Schema, Limits = new ReplicaLimits { MaxLogBytes = logBytes } },
            store, Clock, new Random(random.Next()), CancellationToken.None);
        Local = new SiteLocal(Replica, () => "cloud", options, Clock, new Random(random.Next()));
    }

    public void Crash()
    {
        Replica = null;
        Local = null;
    }
}
