using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State.Tests.Merging;

/// <summary>What deletes and refusals do beside writes that they did not know, by the rules of their kinds.</summary>
public sealed class DeleteRuleTests : IAsyncLifetime
{
    private static readonly StateSchema Schema = new(
    [
        new KindRule("door", DeleteRule.Wins, [new FieldRule("door", "open", MergeRule.Strict), new FieldRule("door", "name", MergeRule.Latest)]),
        new KindRule("grant", DeleteRule.Stays, [new FieldRule("grant", "given", MergeRule.Latest, FieldUse.Fixed)]),
        new KindRule("job", DeleteRule.Clears, [new FieldRule("job", "cancel", MergeRule.Latest)]),
        new KindRule("copy", DeleteRule.Wins, [new FieldRule("copy", "of", MergeRule.Latest, FieldUse.Fixed)]),
    ]);

    private static readonly EntityKey Door = new("door", "d");
    private static readonly EntityKey Grant = new("grant", "g");
    private static readonly EntityKey Job = new("job", "j");
    private static readonly EntityKey Copy = new("copy", "c");

    private Replica _one = null!;
    private Replica _two = null!;

    public async ValueTask InitializeAsync() => (_one, _two) = (await OpenAsync(1), await OpenAsync(2));

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_a_strict_field_false_wins_whichever_was_written_last(bool closedFirst)
    {
        await WriteAsync(_one, t => t.Set(Door, "open", FieldValue.From(true)));
        await ExchangeAsync();
        var (first, second) = closedFirst ? (_one, _two) : (_two, _one);
        await WriteAsync(first, t => t.Set(Door, "open", FieldValue.From(!closedFirst)));
        await WriteAsync(second, t => t.Set(Door, "open", FieldValue.From(closedFirst)));
        await ExchangeAsync();
        Assert.All([_one, _two], r => Assert.False(r.Find(Door)!.GetBoolean("open")));
        Assert.Single(_one.Conflicts);

        // Who has seen it closed may open it.
        await WriteAsync(_two, t => t.Set(Door, "open", FieldValue.From(true)));
        await ExchangeAsync();
        Assert.All([_one, _two], r => Assert.True(r.Find(Door)!.GetBoolean("open")));
        Assert.Empty(_one.Conflicts);
    }

    [Fact]
    public async Task A_removal_stays_also_beside_a_later_grant_that_did_not_know_it()
    {
        await WriteAsync(_one, t => t.Set(Grant, "given", FieldValue.From(true)));
        await ExchangeAsync();
        await WriteAsync(_one, t => t.Delete(Grant));
        await WriteAsync(_two, t => t.Delete(Grant));
        await WriteAsync(_two, t => GiveAgain(t));
        Assert.False(_two.Find(Grant)!.IsDeleted);
        await ExchangeAsync();
        Assert.All([_one, _two], r => Assert.True(r.Find(Grant)!.IsDeleted));
        Assert.Equal(ConflictKind.Lifecycle, Assert.Single(_one.Conflicts).Kind);
        Assert.Equal(_one.Digest(), _two.Digest());

        await WriteAsync(_one, t => GiveAgain(t));
        await ExchangeAsync();
        Assert.All([_one, _two], r => Assert.False(r.Find(Grant)!.IsDeleted));

        static void GiveAgain(ITransaction transaction)
        {
            transaction.Restore(Grant);
            transaction.Set(Grant, "given", FieldValue.From(true));
        }
    }

    [Fact]
    public async Task What_was_written_to_a_thing_of_the_past_or_of_what_it_was_made_is_no_conflict_with_its_delete()
    {
        foreach (var (key, field) in new[] { (Job, "cancel"), (Copy, "of"), (Door, "name") })
        {
            await WriteAsync(_one, t => t.Set(key, field, FieldValue.FromString("before")));
            await ExchangeAsync();
            await WriteAsync(_one, t => t.Delete(key));
            await WriteAsync(_two, t => t.Set(key, field, FieldValue.FromString("after")));
        }

        // Each pair of deletes and updates was exchanged with the next; the last is the one between people.
        await ExchangeAsync();
        Assert.Equal("door/d/name", Assert.Single(_one.Conflicts).Id);
        await WriteAsync(_one, t => t.Purge(Job));
        await WriteAsync(_one, t => t.Purge(Copy));
        await ExchangeAsync();
        Assert.Null(_two.Find(Job));
        Assert.Equal(_one.Digest(), _two.Digest());
    }

    private async Task ExchangeAsync()
    {
        await PullAsync(_one, _two);
        await PullAsync(_two, _one);
    }

    private static async Task PullAsync(Replica to, Replica from) =>
        await to.ApplyAsync(from.ReadLog(to.Vector, null, int.MaxValue, int.MaxValue).Mutations, default);

    private static async Task WriteAsync(Replica replica, Action<ITransaction> write) =>
        await replica.CommitAsync(write, new CommitOptions("test"), default);

    private static async Task<Replica> OpenAsync(ulong number) => await Replica.OpenAsync(
        new ReplicaOptions { Site = new SiteId(number), Schema = Schema }, new MemoryStore(), TimeProvider.System, new Random((int)number), default);
}
