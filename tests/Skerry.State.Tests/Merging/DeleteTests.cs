using Skerry.State.Merging;

namespace Skerry.State.Tests.Merging;

public sealed class DeleteTests
{
    [Fact]
    public async Task A_delete_moves_an_entity_to_the_trash_with_its_values()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", "disk");
        await a.DeleteAsync("x");
        Assert.True(a["x"]!.IsDeleted);
        Assert.Equal("disk", a["x"]!.GetString("name"));
        Assert.Empty(a.Replica.List("v"));
        Assert.Equal("x", Assert.Single(a.Replica.ListDeleted("v")).Id);
        Assert.Empty(a.Replica.Conflicts);
    }

    [Fact]
    public async Task What_was_deleted_stays_deleted_wherever_it_is_joined_or_streamed()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await using var c = await Site.OpenAsync(3);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await c.PullAsync(a);
        await a.DeleteAsync("x");
        await a.DoAsync(transaction => transaction.Purge(Site.Key("x")));
        Assert.Null(a["x"]);

        // b has the entity and not its purge; the snapshot of a lacks what a's vector covers.
        await b.Replica.JoinAsync(a.Replica.TakeSnapshot(), default);
        Assert.Null(b["x"]);
        // And the other way: what is gone at b does not come back from a site that never heard.
        await b.Replica.JoinAsync(c.Replica.TakeSnapshot(), default);
        Assert.Null(b["x"]);
        await c.PullAsync(a);
        Assert.Null(c["x"]);
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.Equal(a.Replica.Digest(), c.Replica.Digest());
    }

    [Fact]
    public async Task An_update_that_did_not_know_the_delete_is_a_conflict_on_a_deleted_entity()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await a.DeleteAsync("x");
        await b.SetAsync("x", "name", "renamed");
        await a.PullAsync(b);
        await b.PullAsync(a);

        Assert.True(a["x"]!.IsDeleted);
        var conflict = Assert.Single(a.Replica.Conflicts);
        Assert.Equal((ConflictKind.UpdateOfDeleted, "v/x/name"), (conflict.Kind, conflict.Id));
        Assert.Equal("user1", conflict.Winner!.Author);
        Assert.Equal("renamed", Assert.Single(conflict.Losers).Value.AsString());
        Assert.Equal(a.Conflicts(), b.Conflicts());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_conflict_on_a_deleted_entity_is_settled_by_deleting_again_or_by_restoring(bool restore)
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await a.DeleteAsync("x");
        await b.SetAsync("x", "name", "renamed");
        await a.PullAsync(b);
        if (restore) await a.DoAsync(transaction => transaction.Restore(Site.Key("x")));
        else await a.DeleteAsync("x");
        await b.PullAsync(a);

        Assert.Equal(!restore, b["x"]!.IsDeleted);
        Assert.Equal("renamed", b["x"]!.GetString("name"));
        Assert.Empty(b.Replica.Conflicts);
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
    }

    [Fact]
    public async Task What_the_owner_observes_stands_in_the_way_of_no_delete()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await a.DeleteAsync("x");
        await b.SetAsync("x", "status", "in-use", rank: 1);
        await a.PullAsync(b);
        Assert.True(a["x"]!.IsDeleted);
        Assert.Empty(a.Replica.Conflicts);
    }

    [Fact]
    public async Task A_write_to_the_trash_by_one_who_knows_of_the_delete_is_no_conflict()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", "disk");
        await a.DeleteAsync("x");
        await a.SetAsync("x", "reason", "cleaned up");
        Assert.True(a["x"]!.IsDeleted);
        Assert.Empty(a.Replica.Conflicts);
    }

    [Fact]
    public async Task An_update_that_did_not_know_the_purge_is_never_half_an_entity()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await b.SetAsync("x", "name", "renamed");
        await a.DeleteAsync("x");
        await a.DoAsync(transaction => transaction.Purge(Site.Key("x")));
        await a.PullAsync(b);

        Assert.Empty(a.Replica.List("v"));
        Assert.True(a["x"]!.IsDeleted);
        Assert.Null(Assert.Single(a.Replica.Conflicts).Winner);
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.DoAsync(transaction => transaction.Purge(Site.Key("x"))));

        await a.DeleteAsync("x");
        await a.DoAsync(transaction => transaction.Purge(Site.Key("x")));
        Assert.Null(a["x"]);
    }

    [Fact]
    public async Task What_lives_is_not_purged()
    {
        await using var a = await Site.OpenAsync(1);
        await a.SetAsync("x", "name", "disk");
        await Assert.ThrowsAsync<InvalidOperationException>(() => a.DoAsync(transaction => transaction.Purge(Site.Key("x"))));
        Assert.NotNull(a["x"]);
    }

    [Fact]
    public async Task Two_deletes_agree()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "disk");
        await b.PullAsync(a);
        await a.DeleteAsync("x");
        await b.DeleteAsync("x");
        await a.PullAsync(b);
        Assert.Empty(a.Replica.Conflicts);
        await a.DoAsync(transaction => transaction.Purge(Site.Key("x")));
        Assert.Null(a["x"]);
    }

    [Fact]
    public async Task What_is_made_and_deleted_in_one_transaction_was_never_there()
    {
        await using var a = await Site.OpenAsync(1);
        var dot = await a.DoAsync(transaction =>
        {
            transaction.Set(Site.Key("x"), "name", FieldValue.From(1));
            transaction.Delete(Site.Key("x"));
            Assert.Null(transaction.Find(Site.Key("x")));
        });
        Assert.Null(dot);
        Assert.Null(a["x"]);
    }
}
