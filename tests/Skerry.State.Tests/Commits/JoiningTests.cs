using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.State;

namespace Skerry.State.Tests.Commits;

public sealed class JoiningTests
{
    [Fact]
    public async Task A_site_behind_the_cut_joins_keeps_what_it_alone_wrote_and_can_stream_it()
    {
        await using var a = await Site.OpenAsync(1, limits: new ReplicaLimits { MaxLogBytes = 1 });
        var disk = new MemoryStore();
        byte[] digest;
        await using (var b = await Site.OpenAsync(2, disk))
        {
            await b.SetAsync("mine", "name", "only here");
            for (var i = 0; i < 10; i++) await a.SetAsync($"x{i % 3}", "name", $"{i}");
            Assert.True(await a.Replica.CutLogAsync(default));
            Assert.True(a.Replica.ReadLog(b.Replica.Vector, null, 100, 100).IsBehindBase);

            await b.Replica.JoinAsync(StateSnapshot.Decode(a.Replica.TakeSnapshot().Encode()), default);
            Assert.Equal("only here", b["mine"]!.GetString("name"));
            Assert.Equal("9", b["x0"]!.GetString("name"));
            await a.PullAsync(b);
            Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
            digest = b.Replica.Digest();

            // Who does not cover the snapshot cannot be served from b's log any more.
            Assert.True(b.Replica.ReadLog(VersionVector.Empty, null, 100, 100).IsBehindBase);
        }

        await using var again = await Site.OpenAsync(2, disk);
        Assert.Equal(digest, again.Replica.Digest());
        Assert.True(again.Replica.ReadLog(VersionVector.Empty, null, 100, 100).IsBehindBase);
        Assert.False(again.Replica.ReadLog(a.Replica.Vector, null, 100, 100).IsBehindBase);
    }

    [Fact]
    public async Task What_comes_again_while_a_snapshot_that_holds_it_is_written_is_not_acknowledged_before_that()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", "one");
        var store = new FaultyStore(new MemoryStore());
        await using var b = await Site.OpenAsync(2, store);
        var gate = new TaskCompletionSource();
        store.BeforeWrite = () => gate.Task;
        var joining = b.Replica.JoinAsync(a.Replica.TakeSnapshot(), default).AsTask();
        var again = b.Replica.ApplyAsync(a.LogFrom(VersionVector.Empty), default).AsTask();
        var answeredEarly = again.IsCompleted;
        gate.SetResult();
        await joining;
        Assert.Equal(new ApplyResult(0, 1), await again);
        Assert.False(answeredEarly, "a mutation was acknowledged that is in a snapshot which is not on disk yet");
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
    }

    [Fact]
    public async Task A_site_that_adopts_forgets_its_own_and_never_makes_those_dots_again()
    {
        await using var a = await Site.OpenAsync(1);
        var disk = new MemoryStore();
        await using var b = await Site.OpenAsync(2, disk);
        await a.SetAsync("default", "name", "Default of a");
        await b.SetAsync("default", "name", "Default of b");
        var forgotten = await b.SetAsync("other", "name", "of b");
        var incarnation = b.Replica.Incarnation;

        await b.Replica.AdoptAsync(a.Replica.TakeSnapshot(), default);
        Assert.Null(b["other"]);
        Assert.Equal("Default of a", b["default"]!.GetString("name"));
        Assert.Empty(b.Replica.Conflicts);
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.NotEqual(incarnation, b.Replica.Incarnation);
        Assert.False(b.Replica.Vector.Covers(forgotten!.Value));

        await b.SetAsync("default", "name", "renamed at b");
        await a.PullAsync(b);
        Assert.Equal("renamed at b", a["default"]!.GetString("name"));
        await b.DisposeAsync();
        await using var again = await Site.OpenAsync(2, disk);
        Assert.Equal(a.Replica.Digest(), again.Replica.Digest());
    }

    [Fact]
    public async Task Writes_and_log_cuts_go_on_beside_a_join_and_none_is_lost()
    {
        await using var a = await Site.OpenAsync(1);
        for (var i = 0; i < 50; i++) await a.SetAsync($"a{i}", "name", "of a");
        var disk = new MemoryStore();
        var store = new FaultyStore(disk) { BeforeWrite = async () => await Task.Yield() };
        var b = await Site.OpenAsync(2, store, limits: new ReplicaLimits { MaxLogBytes = 500 });
        var writers = Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++) await b.SetAsync($"b{writer}.{i}", "name", "of b");
        })).ToArray();
        for (var i = 0; i < 10; i++)
        {
            await a.SetAsync($"late{i}", "name", "of a");
            await b.Replica.JoinAsync(a.Replica.TakeSnapshot(), default);
            await b.Replica.CutLogAsync(default);
        }

        await Task.WhenAll(writers);
        Assert.Equal(60 + 360, b.Replica.List("v").Count);
        await using var again = await Site.OpenAsync(2, disk);
        Assert.Equal(b.Replica.Digest(), again.Replica.Digest());
        await a.Replica.JoinAsync(again.Replica.TakeSnapshot(), default);
        Assert.Equal(a.Replica.Digest(), again.Replica.Digest());
    }

    [Theory]
    [InlineData(StoreFault.CrashBefore)]
    [InlineData(StoreFault.CrashAfter)]
    [InlineData(StoreFault.Full)]
    public async Task Adopting_happens_whole_or_not_at_all(StoreFault fault)
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", "of a");
        var disk = new MemoryStore();
        var store = new FaultyStore(disk);
        var b = await Site.OpenAsync(2, store);
        await b.SetAsync("y", "name", "of b");
        var before = b.Replica.Digest();
        store.NextFault = () => fault;
        await Assert.ThrowsAnyAsync<Exception>(async () => await b.Replica.AdoptAsync(a.Replica.TakeSnapshot(), default));

        await using var again = await Site.OpenAsync(2, disk);
        Assert.Equal(fault == StoreFault.CrashAfter ? a.Replica.Digest() : before, again.Replica.Digest());
        if (fault != StoreFault.Full) return;
        store.NextFault = () => StoreFault.None;
        Assert.Equal(before, b.Replica.Digest());
        await b.SetAsync("y", "name", "goes on");
        Assert.Equal("goes on", b["y"]!.GetString("name"));
    }

    [Fact]
    public async Task Mutations_that_come_before_their_causes_are_refused_and_nothing_is_applied()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await using var c = await Site.OpenAsync(3);
        await a.SetAsync("x", "name", "one");
        await a.SetAsync("x", "name", "two");
        var own = a.LogFrom(VersionVector.Empty);
        await Assert.ThrowsAsync<CausalityException>(async () => await c.Replica.ApplyAsync([own[1]], default));

        await b.PullAsync(a);
        await b.SetAsync("x", "name", "three");
        var after = b.LogFrom(a.Replica.Vector);
        await Assert.ThrowsAsync<CausalityException>(async () => await c.Replica.ApplyAsync([own[0], after[0]], default));
        Assert.Null(c["x"]);
        Assert.Equal(new ApplyResult(3, 1), await c.Replica.ApplyAsync([own[0], own[0], own[1], after[0]], default));
    }

    [Fact]
    public async Task A_mutation_with_two_values_for_a_field_leaves_a_state_that_can_be_passed_on()
    {
        await using var a = await Site.OpenAsync(1);
        Change Set(int value) => new() { Kind = ChangeKind.Set, Key = Site.Key("x"), Field = "name", Value = FieldValue.From(value) };
        var faulty = MutationCodec.Create(new Dot(new SiteId(9), 1, 1), new Hlc(5), "faulty", urgent: false, [Set(1), Set(2), Set(3)]);
        await a.Replica.ApplyAsync([MutationCodec.Decode(faulty.Encoded)], default);
        Assert.Equal(FieldValue.From(3), Assert.Single(a["x"]!.Standing("name")).Value);
        Assert.Equal(a.Replica.Digest(), StateSnapshot.Decode(a.Replica.TakeSnapshot().Encode()).Digest());
    }

    [Fact]
    public void A_settled_value_that_was_not_replaced_is_refused()
    {
        var settled = new StandingValue(new Origin(new Dot(new SiteId(8), 1, 1), new Hlc(1), "nobody"), FieldValue.From(1), 0, Marks.None);
        var change = new Change { Kind = ChangeKind.Set, Key = Site.Key("x"), Field = "name", Value = FieldValue.From(1), Settles = [settled] };
        var forged = MutationCodec.Create(new Dot(new SiteId(9), 1, 1), new Hlc(5), "faulty", urgent: false, [change]);
        Assert.Throws<StateFormatException>(() => MutationCodec.Decode(forged.Encoded));
    }

    [Fact]
    public async Task A_mutation_that_claims_to_be_of_this_very_start_is_refused()
    {
        await using var a = await Site.OpenAsync(1);
        var forged = MutationCodec.Create(new Dot(a.Replica.Site, a.Replica.Incarnation, 1), Hlc.Zero, "clone", urgent: false, []);
        await Assert.ThrowsAsync<CausalityException>(async () => await a.Replica.ApplyAsync([forged], default));
    }
}
