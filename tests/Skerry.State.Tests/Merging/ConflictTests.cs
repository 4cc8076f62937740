using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.TestKit.Time;

namespace Skerry.State.Tests.Merging;

public sealed class ConflictTests
{
    [Fact]
    public async Task Of_two_concurrent_writes_the_later_wins_and_the_other_is_shown_with_its_maker()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.WriteApartAsync("name");
        var conflict = Assert.Single(pair.A.Replica.Conflicts);
        Assert.Equal("from b", conflict.Winner!.Value.AsString());
        var loser = Assert.Single(conflict.Losers);
        Assert.Equal(("from a", "user1", pair.A.Replica.Site), (loser.Value.AsString(), loser.Author, loser.Site));
        Assert.Equal("from b", pair.A["x"]!.GetString("name"));
        Assert.Equal(pair.A.Conflicts(), pair.B.Conflicts());
    }

    [Fact]
    public async Task A_rank_wins_over_a_later_stamp()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.WriteApartAsync("policy", rankAtA: 1);
        Assert.Equal("from a", pair.A["x"]!.GetString("policy"));
        Assert.Equal("from a", pair.B["x"]!.GetString("policy"));
    }

    [Fact]
    public async Task A_rank_does_not_outlast_a_write_that_knew_it()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.WriteApartAsync("policy", rankAtA: 1);
        await pair.B.SetAsync("x", "policy", "after");
        await pair.ExchangeAsync();
        Assert.Equal("after", pair.A["x"]!.GetString("policy"));
        Assert.Empty(pair.A.Replica.Conflicts);
    }

    [Fact]
    public async Task A_rank_is_refused_where_the_rule_knows_none()
    {
        await using var a = await Site.OpenAsync(1);
        await Assert.ThrowsAsync<ArgumentException>(() => a.SetAsync("x", "name", "v", rank: 1));
        Assert.Null(a["x"]);
    }

    [Fact]
    public async Task The_next_write_that_saw_both_settles_and_what_lost_goes_to_the_history()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.WriteApartAsync("name");
        await pair.B.SetAsync("x", "name", "agreed");
        await pair.ExchangeAsync();
        foreach (var site in new[] { pair.A, pair.B })
        {
            Assert.Empty(site.Replica.Conflicts);
            var settled = Assert.Single(site.Replica.ConflictHistory(Site.Key("x")));
            Assert.Equal(["from b", "from a"], settled.Replaced.Select(value => value.Value.AsString()));
            Assert.Equal(("agreed", "user2"), (settled.By.Value.AsString(), settled.By.Author));
            Assert.Empty(site.Replica.ConflictHistory(Site.Key("y")));
        }
    }

    [Fact]
    public async Task The_history_forgets_by_age()
    {
        var time = new ManualTime();
        await using var pair = await Pair.OpenAsync(time);
        await pair.WriteApartAsync("name");
        await pair.A.SetAsync("x", "name", "agreed");
        time.Advance(TimeSpan.FromDays(89));
        await pair.A.SetAsync("y", "name", "other");
        Assert.Single(pair.A.Replica.ConflictHistory());
        time.Advance(TimeSpan.FromDays(2));
        await pair.A.SetAsync("y", "name", "another");
        Assert.Empty(pair.A.Replica.ConflictHistory());
    }

    [Fact]
    public async Task Under_hold_a_write_settles_nothing_and_a_resolution_does()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.WriteApartAsync("held");
        await pair.A.SetAsync("x", "held", "going on");
        await pair.ExchangeAsync();
        var conflict = Assert.Single(pair.B.Replica.Conflicts);
        Assert.Equal(("going on", MergeRule.Hold), (conflict.Winner!.Value.AsString(), conflict.Rule));
        var outranked = Assert.Single(conflict.Losers);
        Assert.True(outranked.IsOutranked);
        Assert.Equal("from a", outranked.Value.AsString());

        await pair.B.DoAsync(transaction => transaction.Resolve(Site.Key("x"), "held", FieldValue.FromString("from a")));
        await pair.ExchangeAsync();
        Assert.Empty(pair.A.Replica.Conflicts);
        Assert.Equal("from a", pair.A["x"]!.GetString("held"));
        Assert.Equal(pair.A.Replica.Digest(), pair.B.Replica.Digest());
    }

    [Fact]
    public async Task What_is_outranked_never_wins_again()
    {
        await using var a = await Site.OpenAsync(1);
        await using var fast = await Site.OpenAsync(2, time: new ManualTime(DateTimeOffset.UtcNow.AddHours(1)));
        await a.SetAsync("x", "held", "first");
        await fast.PullAsync(a);
        await a.SetAsync("x", "held", "low");
        await fast.SetAsync("x", "held", "high");
        await a.PullAsync(fast);
        await a.SetAsync("x", "held", "over both");
        Assert.Equal(["over both", "low"], a["x"]!.Standing("held").Select(value => value.Value.AsString()));
    }

    [Fact]
    public async Task The_same_value_written_apart_is_no_conflict()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.A.SetAsync("x", "name", "same");
        await pair.B.SetAsync("x", "name", "same");
        await pair.ExchangeAsync();
        Assert.Equal(2, pair.A["x"]!.Standing("name").Count);
        Assert.Empty(pair.A.Replica.Conflicts);
    }

    [Fact]
    public async Task Conflicts_and_history_outlive_a_restart_and_a_cut_log()
    {
        var store = new MemoryStore();
        var limits = new ReplicaLimits { MaxLogBytes = 1 };
        string[] expected;
        await using (var a = await Site.OpenAsync(1, store, limits: limits))
        {
            await using var b = await Site.OpenAsync(2);
            await a.SetAsync("x", "name", "zero");
            await b.PullAsync(a);
            await a.SetAsync("x", "name", "one");
            await b.SetAsync("x", "name", "two");
            await a.PullAsync(b);
            await a.SetAsync("x", "name", "settled");
            await a.SetAsync("x", "size", "1");
            await b.SetAsync("x", "size", "2");
            await a.PullAsync(b);
            expected = a.Conflicts();
            Assert.True(await a.Replica.CutLogAsync(default));
        }

        await using var again = await Site.OpenAsync(1, store, limits: limits);
        Assert.Equal(expected, again.Conflicts());
        Assert.Single(again.Replica.ConflictHistory());
    }

    private sealed class Pair(Site a, Site b) : IAsyncDisposable
    {
        public Site A { get; } = a;

        public Site B { get; } = b;

        public static async Task<Pair> OpenAsync(ManualTime? time = null)
        {
            var pair = new Pair(await Site.OpenAsync(1, time: time), await Site.OpenAsync(2, time: time));
            await pair.A.SetAsync("x", "kept", "as it is");
            await pair.B.PullAsync(pair.A);
            return pair;
        }

        /// <summary>a writes, then b, and neither knows of the other; then they meet.</summary>
        public async Task WriteApartAsync(string field, int rankAtA = 0)
        {
            await A.SetAsync("x", field, "from a", rankAtA);
            await Task.Delay(2);
            await B.SetAsync("x", field, "from b");
            await ExchangeAsync();
        }

        public async Task ExchangeAsync()
        {
            await A.PullAsync(B);
            await B.PullAsync(A);
        }

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
        }
    }
}
