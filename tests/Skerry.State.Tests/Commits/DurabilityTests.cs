using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.State;

namespace Skerry.State.Tests.Commits;

/// <summary>What is acknowledged is durable, what is shown is durable, and nothing else is claimed.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Readers_see_a_write_when_it_is_durable_and_decisions_see_it_at_once()
    {
        var gate = new TaskCompletionSource();
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        store.BeforeWrite = () => gate.Task;
        var first = a.SetAsync("x", "name", "one");
        var vector = a.Replica.Vector;
        var shownEarly = a["x"];
        var sentEarly = a.LogFrom(VersionVector.Empty);
        string? seen = null;
        var second = a.DoAsync(transaction => seen = transaction.Find(Site.Key("x"))?.GetString("name"));
        var answeredEarly = second.IsCompleted;
        gate.SetResult();
        await first;
        await second;

        Assert.Null(shownEarly);
        Assert.Empty(sentEarly);
        Assert.Equal("one", seen);
        Assert.False(answeredEarly, "a decision that wrote nothing answered from what could yet be lost");
        Assert.Equal("one", a["x"]!.GetString("name"));
        Assert.NotEqual(vector, a.Replica.Vector);
    }

    [Fact]
    public async Task Writes_that_wait_together_share_a_sync()
    {
        var gate = new TaskCompletionSource();
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        var before = store.Writes;
        store.BeforeWrite = () => gate.Task;
        var writes = Enumerable.Range(0, 100).Select(i => a.SetAsync($"x{i}", "name", "v")).ToArray();
        gate.SetResult();
        await Task.WhenAll(writes);
        Assert.Equal(2, store.Writes - before);
        Assert.Equal(100, a.Replica.List("v").Count);
    }

    [Fact]
    public async Task A_decision_that_writes_nothing_logs_nothing()
    {
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        var before = store.Writes;
        Assert.Null(await a.DoAsync(_ => { }));
        Assert.Equal(before, store.Writes);
    }

    [Fact]
    public async Task A_decision_that_throws_writes_nothing()
    {
        await using var a = await Site.OpenAsync(1);
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.DoAsync(transaction =>
        {
            transaction.Set(Site.Key("x"), "name", FieldValue.From(1));
            throw new InvalidOperationException("refused");
        }));
        Assert.Null(a["x"]);
        Assert.Empty(a.Replica.Vector);
    }

    [Fact]
    public async Task A_full_store_refuses_the_write_and_goes_on_when_there_is_room()
    {
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        await a.SetAsync("x", "name", "kept");
        store.NextFault = () => StoreFault.Full;
        var refused = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "lost"));
        Assert.True(refused.NothingWritten);
        Assert.Equal("kept", a["x"]!.GetString("name"));
        store.NextFault = () => StoreFault.None;
        await a.SetAsync("y", "name", "after");
        await using var b = await Site.OpenAsync(2);
        await b.PullAsync(a);
        Assert.Equal("kept", b["x"]!.GetString("name"));
        Assert.Equal("after", b["y"]!.GetString("name"));
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
    }

    [Fact]
    public async Task What_was_decided_upon_a_refused_write_is_decided_again_without_it()
    {
        var gate = new TaskCompletionSource();
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        store.BeforeWrite = () => gate.Task;
        store.NextFault = () => StoreFault.Full;
        var first = a.SetAsync("x", "name", "one");
        var second = a.DoAsync(transaction =>
        {
            store.NextFault = () => StoreFault.None;
            transaction.Set(Site.Key("y"), "name", FieldValue.FromString(transaction.Find(Site.Key("x")) is null ? "alone" : "after x"));
        });
        store.NextFault = () => StoreFault.Full;
        gate.SetResult();
        await Assert.ThrowsAsync<StateStoreException>(() => first);
        await second;
        Assert.Null(a["x"]);
        Assert.Equal("alone", a["y"]!.GetString("name"));
    }

    [Theory]
    [InlineData(StoreFault.SyncFailedAndLost)]
    [InlineData(StoreFault.SyncFailedButKept)]
    public async Task After_a_failed_sync_nothing_more_is_acknowledged_until_a_restart(StoreFault fault)
    {
        var disk = new MemoryStore();
        var store = new FaultyStore(disk);
        await using (var a = await Site.OpenAsync(1, store))
        {
            await a.SetAsync("x", "name", "kept");
            store.NextFault = () => fault;
            var failed = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "unknown"));
            Assert.False(failed.NothingWritten);
            store.NextFault = () => StoreFault.None;
            await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("y", "name", "more"));
            await Assert.ThrowsAsync<StateStoreException>(async () => await a.Replica.CutLogAsync(default));
            Assert.Equal("kept", a["x"]!.GetString("name"));
        }

        await using var again = await Site.OpenAsync(1, disk);
        Assert.Equal(fault == StoreFault.SyncFailedButKept ? "unknown" : "kept", again["x"]!.GetString("name"));
        Assert.Null(again["y"]);
    }

    [Fact]
    public Task A_site_that_crashes_at_any_write_keeps_all_it_acknowledged_and_makes_no_dot_twice() => Chance.ForEachSeedAsync(150, async chance =>
    {
        var disk = new MemoryStore();
        var acknowledged = new Dictionary<string, string>();
        var attempted = new Dictionary<string, HashSet<string>>();
        var dots = new HashSet<Dot>();
        var limits = new ReplicaLimits { MaxLogBytes = 2000 };
        await using var witness = await Site.OpenAsync(2, random: chance.Source);
        for (var life = 0; life < 6; life++)
        {
            var store = new FaultyStore(disk)
            {
                NextFault = () => chance.Below(12) switch { 0 => StoreFault.CrashBefore, 1 => StoreFault.CrashAfter, 2 => StoreFault.Full, _ => StoreFault.None },
            };
            Site site;
            try
            {
                site = await Site.OpenAsync(1, store, limits: limits, random: chance.Source);
            }
            catch (Exception first) when (first is SimulatedCrashException or StateStoreException)
            {
                continue;
            }

            foreach (var (id, value) in acknowledged)
            {
                var shown = site[id]?.GetString("name");
                Assert.True(shown == value || attempted[id].Contains(shown!), $"{id}: '{value}' was acknowledged and '{shown}' is there");
            }

            try
            {
                for (var i = 0; i < 12; i++)
                {
                    var id = $"x{chance.Below(4)}";
                    var value = $"{life}.{i}";
                    if (!attempted.TryGetValue(id, out var later)) attempted[id] = later = [];
                    later.Add(value);
                    try
                    {
                        var dot = (await site.SetAsync(id, "name", value))!.Value;
                        Assert.True(dots.Add(dot), $"{dot} was made twice");
                        acknowledged[id] = value;
                        later.Clear();
                    }
                    catch (StateStoreException full) when (full.NothingWritten)
                    {
                        later.Remove(value);
                    }

                    if (chance.OneIn(4)) await site.Replica.CutLogAsync(default);
                    if (chance.OneIn(4)) await CatchUpAsync(witness, site);
                }
            }
            catch (StateStoreException)
            {
                // The crash; what it was in the middle of may show or not.
            }
        }

        await using var last = await Site.OpenAsync(1, disk, random: chance.Source);
        await CatchUpAsync(witness, last);
        Assert.Equal(last.Replica.Digest(), witness.Replica.Digest());
    });

    private static async Task CatchUpAsync(Site reader, Site from)
    {
        if (from.Replica.ReadLog(reader.Replica.Vector, null, 1, 1).IsBehindBase) await reader.Replica.JoinAsync(from.Replica.TakeSnapshot(), default);
        else await reader.PullAsync(from);
    }
}
