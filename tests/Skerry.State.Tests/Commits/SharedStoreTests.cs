using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State.Tests.Commits;

/// <summary>Several daemons of one site on one store, each with an incarnation of its own.</summary>
public sealed class SharedStoreTests
{
    [Fact]
    public async Task The_one_that_appends_second_decides_again_over_what_the_first_wrote()
    {
        var store = new MemoryStore();
        await using var a = await Site.OpenAsync(1, store);
        await using var b = await Site.OpenAsync(1, store);
        await a.SetAsync("x", "name", "taken");
        var runs = 0;
        var result = await b.Replica.CommitAsync(
            transaction =>
            {
                runs++;
                var free = transaction.Find(Site.Key("x")) is null;
                if (free) transaction.Set(Site.Key("x"), "name", FieldValue.FromString("mine"));
                return free;
            },
            new CommitOptions("b"), default);
        Assert.Equal((2, false, null), (runs, result.Value, result.Dot));
        Assert.Equal("taken", b["x"]!.GetString("name"));
    }

    [Fact]
    public async Task Two_daemons_that_write_in_turn_lose_nothing()
    {
        var store = new MemoryStore();
        await using var a = await Site.OpenAsync(1, store);
        await using var b = await Site.OpenAsync(1, store);
        var writes = new List<Task>();
        for (var i = 0; i < 200; i++) writes.Add((i % 2 == 0 ? a : b).DoAsync(Increment));
        await Task.WhenAll(writes);
        await a.DoAsync(Increment);
        Assert.Equal(201, a["x"]!.GetInt64("count"));
        Assert.Empty(a.Replica.Conflicts);

        await using var elsewhere = await Site.OpenAsync(2);
        await elsewhere.PullAsync(a);
        Assert.Equal(a.Replica.Digest(), elsewhere.Replica.Digest());
    }

    [Fact]
    public async Task A_store_of_another_site_is_refused_by_name()
    {
        var store = new MemoryStore();
        await using (await Site.OpenAsync(1, store))
        {
        }

        var refused = await Assert.ThrowsAsync<StateStoreException>(async () => await Site.OpenAsync(2, store));
        Assert.Equal(StateStoreError.Foreign, refused.Error);
        Assert.Contains(new SiteId(1).ToString(), refused.Message, StringComparison.Ordinal);
    }

    private static void Increment(ITransaction transaction)
    {
        var count = transaction.Find(Site.Key("x"))?.GetInt64("count") ?? 0;
        transaction.Set(Site.Key("x"), "count", FieldValue.From(count + 1));
    }
}
