using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

public sealed class SiteCopyTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_peer_that_lacks_its_own_writes_is_noticed_and_gets_them_back()
    {
        var b = await SessionSite.StartAsync(2, _time);
        var before = await SessionSite.StartAsync(1, _time);
        await before.WriteAsync("1");
        using (var pair = new SessionPair(before, b))
        {
            await pair.RunAsync();
            Assert.False(pair.B.PeerLacksItsOwn);
        }

        // The same site, on a disk from before all that.
        var after = new SessionSite(
            await Replica.OpenAsync(new ReplicaOptions { Site = new SiteId(1) }, new MemoryStore(), _time, new Random(77), CancellationToken.None), new SyncOptions(), _time);
        using var again = new SessionPair(after, b);
        await again.RunAsync();
        Assert.True(again.B.PeerLacksItsOwn);
        Assert.False(again.A.PeerLacksItsOwn);
        Assert.Equal(after.Replica.Incarnation, again.B.PeerIncarnation);
        Assert.Equal(before.Replica.Incarnation, Assert.Single(after.Replica.Returned).Incarnation);
        Assert.Equal(b.Replica.Digest(), after.Replica.Digest());
    }

    [Fact]
    public async Task A_restart_that_knows_what_the_start_before_it_wrote_is_no_copy()
    {
        var store = new MemoryStore();
        var b = await SessionSite.StartAsync(2, _time);
        var before = new SessionSite(await OpenAsync(store, 1), new SyncOptions(), _time);
        await before.WriteAsync("1");
        using (var pair = new SessionPair(before, b)) await pair.RunAsync();
        var after = new SessionSite(await OpenAsync(store, 2), new SyncOptions(), _time);
        await after.Replica.RetireAsync([.. after.Replica.Vector], "test", CancellationToken.None);
        using var again = new SessionPair(after, b);
        await again.RunAsync();
        Assert.False(again.B.PeerLacksItsOwn);
        Assert.Empty(after.Replica.Returned);
        Assert.Equal(b.Replica.Vector, after.Replica.Vector);

        // The retired start is in neither vector and on neither's way.
        using var third = new SessionPair(after, b);
        await third.RunAsync();
        Assert.Empty(third.BatchesOf('a'));
        Assert.Empty(third.BatchesOf('b'));
    }

    private ValueTask<Replica> OpenAsync(MemoryStore store, int seed) =>
        Replica.OpenAsync(new ReplicaOptions { Site = new SiteId(1) }, store, _time, new Random(seed), CancellationToken.None);
}
