using Skerry.State.Clocks;
using Skerry.State.Storage;
using Skerry.TestKit.Seeds;
using Skerry.TestKit.State;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Commits;

/// <summary>A store that is away for a while, or comes back older than it was.</summary>
public sealed class LostStoreTests
{
    [Fact]
    public async Task While_the_store_is_away_writes_are_refused_at_once_and_afterwards_all_goes_on_by_itself()
    {
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        await a.SetAsync("x", "name", "kept");
        using var follower = Follower.Of(a.Replica);

        store.IsAway = true;
        for (var i = 0; i < 3; i++)
        {
            var refused = await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("x", "name", "refused"));
            Assert.Equal((StateStoreError.Unreachable, true), (refused.Error, refused.NothingWritten));
        }

        Assert.Equal("kept", a["x"]!.GetString("name"));
        Assert.Equal((StateStoreError.Unreachable, false), (a.Replica.Store.Fault!.Error, a.Replica.Store.IsFinal));
        Assert.NotNull(a.Replica.Store.Since);
        store.IsAway = false;
        await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
        await a.SetAsync("x", "name", "after");
        Assert.Equal("after", a["x"]!.GetString("name"));
    }

    [Theory]
    [InlineData(StoreFault.UnansweredAndLost)]
    [InlineData(StoreFault.UnansweredButKept)]
    public async Task A_write_without_an_answer_is_known_when_the_store_answers_again(StoreFault fault)
    {
        var gate = new TaskCompletionSource();
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        await a.SetAsync("x", "name", "kept");
        var incarnation = a.Replica.Incarnation;
        store.BeforeWrite = () => gate.Task;
        store.NextFault = () => fault;
        var unknown = a.SetAsync("x", "name", "unknown");
        var behind = a.SetAsync("y", "name", "behind");
        gate.SetResult();
        Assert.False((await Assert.ThrowsAsync<StateStoreException>(() => unknown)).NothingWritten);
        Assert.True((await Assert.ThrowsAsync<StateStoreException>(() => behind)).NothingWritten, "what was never sent is in doubt");
        Assert.Equal("kept", a["x"]!.GetString("name"));

        store.NextFault = () => StoreFault.None;
        using var follower = Follower.Of(a.Replica);
        await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
        var happened = fault == StoreFault.UnansweredButKept;
        Assert.Equal(happened ? "unknown" : "kept", a["x"]!.GetString("name"));
        Assert.Null(a["y"]);
        Assert.Equal(happened, a.Replica.Incarnation == incarnation);
        await a.SetAsync("y", "name", "after");
        Assert.Equal("after", a["y"]!.GetString("name"));
    }

    [Theory]
    [InlineData(StoreFault.UnansweredAndLost)]
    [InlineData(StoreFault.UnansweredButKept)]
    public async Task A_join_without_an_answer_is_known_too(StoreFault fault)
    {
        var store = new FaultyStore(new MemoryStore());
        await using var a = await Site.OpenAsync(1, store);
        await a.SetAsync("mine", "name", "kept");
        await using var b = await Site.OpenAsync(2);
        await b.SetAsync("theirs", "name", "joined");
        store.NextFault = () => fault;
        await Assert.ThrowsAsync<StateStoreException>(async () => await a.Replica.JoinAsync(b.Replica.TakeSnapshot(), default));
        store.NextFault = () => StoreFault.None;
        using var follower = Follower.Of(a.Replica);
        await Follower.UntilAsync(() => a.Replica.Store.Fault is null);
        Assert.Equal(fault == StoreFault.UnansweredButKept, a["theirs"] is not null);
        await a.Replica.JoinAsync(b.Replica.TakeSnapshot(), default);
        Assert.Equal(("kept", "joined"), (a["mine"]!.GetString("name"), a["theirs"]!.GetString("name")));
        Assert.Null(a.Replica.Store.PutBack);
    }

    [Fact]
    public async Task What_another_daemon_wrote_is_seen_without_writing()
    {
        var store = new MemoryStore();
        await using var a = await Site.OpenAsync(1, store);
        await using var b = await Site.OpenAsync(1, store);
        using var follower = Follower.Of(b.Replica);
        using var feed = b.Replica.Subscribe();
        await a.SetAsync("x", "name", "told");
        await Follower.UntilAsync(() => b["x"]?.GetString("name") == "told");
        await Follower.UntilAsync(() => feed.TryRead() is { Everything: false } changes && changes.Keys.Contains(Site.Key("x")));
        await a.Replica.JoinAsync((await JoinedAsync()).TakeSnapshot(), default);
        await Follower.UntilAsync(() => b["far"]?.GetString("name") == "away");
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());

        static async Task<Replica> JoinedAsync()
        {
            var c = await Site.OpenAsync(2);
            await c.SetAsync("far", "name", "away");
            return c.Replica;
        }
    }

    [Fact]
    public async Task An_older_copy_is_noticed_and_gets_back_what_it_lacks()
    {
        var disk = new MemoryStore();
        var store = new SwitchedStore(disk);
        await using var a = await Site.OpenAsync(1, store);
        await a.SetAsync("x", "name", "old");
        var copy = disk.Copy();
        await a.SetAsync("x", "name", "new");
        await a.SetAsync("y", "name", "also new");
        var incarnation = a.Replica.Incarnation;

        store.Below = copy;
        await a.SetAsync("z", "name", "after");
        var report = a.Replica.Store.PutBack!;
        Assert.Equal((2, 3, 1), (report.Mutations, report.Had.Position, report.Found.Position));
        Assert.NotEqual(incarnation, a.Replica.Incarnation);
        await using var again = await Site.OpenAsync(1, copy);
        Assert.Equal(["new", "also new", "after"], new[] { "x", "y", "z" }.Select(id => again[id]!.GetString("name")));
        Assert.Equal(a.Replica.Digest(), again.Replica.Digest());
    }

    /// <summary>One daemon's write got no answer; the other saw it and sent it on; then the store went back to before it.</summary>
    [Fact]
    public async Task A_number_that_somebody_may_have_seen_is_never_used_again()
    {
        var disk = new MemoryStore();
        var places = new[] { new SwitchedStore(disk), new SwitchedStore(disk) };
        var faulty = new FaultyStore(places[0]);
        await using var a = await Site.OpenAsync(1, faulty);
        await using var b = await Site.OpenAsync(1, places[1]);
        await using var witness = await Site.OpenAsync(2);
        var copy = disk.Copy();
        faulty.NextFault = () => StoreFault.UnansweredButKept;
        await Assert.ThrowsAsync<StateStoreException>(() => a.SetAsync("one", "name", "one"));
        faulty.NextFault = () => StoreFault.None;
        await b.Replica.FollowStoreAsync(default);
        await witness.PullAsync(b);
        Assert.NotNull(witness["one"]);

        places[0].Below = places[1].Below = copy;
        await a.Replica.FollowStoreAsync(default);
        await a.SetAsync("two", "name", "two");
        await b.Replica.FollowStoreAsync(default);
        await a.Replica.FollowStoreAsync(default);
        await witness.Replica.JoinAsync(a.Replica.TakeSnapshot(), default);
        foreach (var site in new[] { a, b, witness })
        {
            Assert.Equal((true, true), (site["one"] is not null, site["two"] is not null));
            Assert.Equal(a.Replica.Digest(), site.Replica.Digest());
        }
    }

    /// <summary>
    /// Two daemons of one site on one store that fails, answers late or not at all, is cut, and is put back to older copies: nothing
    /// that was acknowledged is lost, no dot names two mutations, and all come to show the same.
    /// </summary>
    [Fact]
    public Task Two_daemons_on_a_bad_store_lose_nothing_and_make_nothing_twice() => Chance.ForEachSeedAsync(150, async chance =>
    {
        var time = new ManualTime();
        var disk = new MemoryStore();
        var older = disk.Copy();
        var places = new[] { new SwitchedStore(disk), new SwitchedStore(disk) };
        var isHealthy = true;
        var faulty = places.Select(place => new FaultyStore(place)
        {
            NextFault = () => isHealthy ? StoreFault.None : chance.Below(10) switch
            {
                0 => StoreFault.Unreachable,
                1 => StoreFault.UnansweredAndLost,
                2 => StoreFault.UnansweredButKept,
                3 => StoreFault.Full,
                _ => StoreFault.None,
            },
        }).ToArray();
        var limits = new ReplicaLimits { MaxLogBytes = 2000 };
        await using var a = await Site.OpenAsync(1, faulty[0], time, limits, chance.Source);
        await using var b = await Site.OpenAsync(1, faulty[1], time, limits, chance.Source);
        await using var witness = await Site.OpenAsync(2, time: time, random: chance.Source);
        var daemons = new[] { a, b };
        var acknowledged = new HashSet<string>();
        var dots = new HashSet<Dot>();
        isHealthy = false;
        for (var step = 0; step < 60; step++)
        {
            var who = chance.Below(2);
            faulty[who].IsAway = chance.OneIn(15) || (faulty[who].IsAway && chance.OneIn(2));
            switch (chance.Below(10))
            {
                case 0:
                    older = ((MemoryStore)places[0].Below).Copy();
                    break;
                case 1 when chance.OneIn(3):
                    places[0].Below = places[1].Below = older;
                    older = older.Copy();
                    break;
                case 2 or 3:
                    await FollowAsync(daemons[who]);
                    break;
                case 4:
                    await WitnessAsync(daemons[who]);
                    break;
                case 5:
                    await TryAsync(async () => await daemons[who].Replica.CutLogAsync(default));
                    break;
                default:
                    var id = $"{step}";
                    await TryAsync(async () =>
                    {
                        var dot = await daemons[who].SetAsync(id, "name", id);
                        acknowledged.Add(id);
                        Assert.True(dots.Add(dot!.Value), $"{dot} was made twice");
                    });
                    break;
            }
        }

        isHealthy = true;
        for (var round = 0; round < 3; round++)
        {
            foreach (var (daemon, store) in daemons.Zip(faulty))
            {
                store.IsAway = false;
                await FollowAsync(daemon);
            }
        }

        await WitnessAsync(a);
        await WitnessAsync(b);
        await using var again = await Site.OpenAsync(1, places[0].Below, time, random: chance.Source);
        foreach (var site in new[] { a, b, witness, again })
        {
            foreach (var id in acknowledged) Assert.True(site[id] is not null, $"{id} was acknowledged and is gone");
            Assert.Equal(a.Replica.Digest(), site.Replica.Digest());
        }

        async Task FollowAsync(Site site)
        {
            var step = site.Replica.FollowStoreAsync(default).AsTask();
            while (!step.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(5));
                await Task.Yield();
            }

            await step;
        }

        async Task WitnessAsync(Site from)
        {
            if (from.Replica.ReadLog(witness.Replica.Vector, null, 1, 1).IsBehindBase) await witness.Replica.JoinAsync(from.Replica.TakeSnapshot(), default);
            else await witness.PullAsync(from);
        }

        static async Task TryAsync(Func<Task> write)
        {
            try
            {
                await write();
            }
            catch (StateStoreException passing) when (passing.Passes)
            {
                // Not acknowledged.
            }
        }
    });
}
