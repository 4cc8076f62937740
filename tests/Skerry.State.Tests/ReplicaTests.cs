using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State.Tests;

public sealed class ReplicaTests
{
    private static readonly EntityKey Key = new("volume", "v1");

    [Fact]
    public async Task Two_sites_that_exchange_their_logs_show_the_same_and_the_conflict()
    {
        await using var a = await OpenAsync(1, new MemoryStore());
        await using var b = await OpenAsync(2, new MemoryStore());
        await a.CommitAsync(t => t.Set(Key, "name", FieldValue.FromString("one")), new CommitOptions("ann"), default);
        await b.ApplyAsync(a.ReadLog(b.Vector, null, 100, 1 << 20).Mutations, default);
        await a.CommitAsync(t => t.Set(Key, "name", FieldValue.FromString("two")), new CommitOptions("ann"), default);
        await b.CommitAsync(t => t.Set(Key, "name", FieldValue.FromString("three")), new CommitOptions("bob"), default);
        await b.ApplyAsync(a.ReadLog(b.Vector, null, 100, 1 << 20).Mutations, default);
        await a.ApplyAsync(b.ReadLog(a.Vector, null, 100, 1 << 20).Mutations, default);
        Assert.Equal(a.Digest(), b.Digest());
        Assert.Single(a.Conflicts);
        Assert.Equal(a.Conflicts[0].Winner!.Value, b.Conflicts[0].Winner!.Value);
    }

    [Fact]
    public async Task A_restart_finds_everything_and_makes_a_new_incarnation()
    {
        var store = new MemoryStore();
        byte[] digest;
        ulong incarnation;
        await using (var a = await OpenAsync(1, store))
        {
            await a.CommitAsync(t => t.Set(Key, "name", FieldValue.FromString("one")), new CommitOptions("ann"), default);
            digest = a.Digest();
            incarnation = a.Incarnation;
        }

        await using var again = await OpenAsync(1, store);
        Assert.Equal(digest, again.Digest());
        Assert.NotEqual(incarnation, again.Incarnation);
    }

    private static ValueTask<Replica> OpenAsync(ulong site, IStateStore store) =>
        Replica.OpenAsync(new ReplicaOptions { Site = new SiteId(site) }, store, TimeProvider.System, new Random(), default);
}
