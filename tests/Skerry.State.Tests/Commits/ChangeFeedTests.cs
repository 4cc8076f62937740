using System.Threading.Channels;
using Skerry.State.Merging;

namespace Skerry.State.Tests.Commits;

public sealed class ChangeFeedTests
{
    [Fact]
    public async Task A_feed_tells_each_changed_entity_once_and_whether_it_is_urgent()
    {
        await using var a = await Site.OpenAsync(1);
        using var feed = a.Replica.Subscribe();
        Assert.Null(feed.TryRead());
        await a.Replica.CommitAsync(t => t.Set(Site.Key("x"), "used", FieldValue.From(1)), new CommitOptions("a", Urgent: false), default);
        Assert.False(feed.TryRead()!.IsUrgent);
        await a.SetAsync("x", "name", "one");
        await a.SetAsync("x", "name", "two");
        await a.SetAsync("y", "name", "one");
        var changes = await feed.ReadAsync(default);
        Assert.Equal([Site.Key("x"), Site.Key("y")], changes.Keys.Order());
        Assert.Equal((3, true, false), (changes.Mutations, changes.IsUrgent, changes.Everything));
        Assert.Null(feed.TryRead());
    }

    [Fact]
    public async Task A_feed_that_nobody_reads_stays_bounded_and_says_everything()
    {
        await using var a = await Site.OpenAsync(1);
        using var feed = a.Replica.Subscribe(maxKeys: 3);
        for (var i = 0; i < 10; i++) await a.SetAsync($"x{i}", "name", "v");
        var changes = feed.TryRead()!;
        Assert.True(changes.Everything);
        Assert.Empty(changes.Keys);
    }

    [Fact]
    public async Task A_filter_leaves_out_what_does_not_concern_the_reader()
    {
        await using var a = await Site.OpenAsync(1);
        using var feed = a.Replica.Subscribe(key => key.Id == "y");
        await a.SetAsync("x", "name", "v");
        Assert.Null(feed.TryRead());
        await a.SetAsync("y", "name", "v");
        Assert.Equal(Site.Key("y"), Assert.Single(feed.TryRead()!.Keys));
    }

    [Fact]
    public async Task A_change_is_visible_when_the_feed_tells_of_it()
    {
        await using var a = await Site.OpenAsync(1);
        using var feed = a.Replica.Subscribe();
        var reading = Task.Run(async () =>
        {
            for (var told = 0; told < 100;)
            {
                told += (await feed.ReadAsync(default)).Mutations;
                // A reader may see a change before it is told of it, and never after.
                var last = a["x"]?.GetInt64("n") ?? -1;
                Assert.True(last >= told - 1, $"{told} changes were told and only those up to number {last} show");
            }
        });
        for (var i = 0; i < 100; i++) await a.DoAsync(t => t.Set(Site.Key("x"), "n", FieldValue.From(i)));
        await reading.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Taking_in_a_snapshot_says_everything_and_closing_ends_the_feed()
    {
        await using var b = await Site.OpenAsync(2);
        await b.SetAsync("x", "name", "v");
        var a = await Site.OpenAsync(1);
        using var feed = a.Replica.Subscribe();
        await a.Replica.JoinAsync(b.Replica.TakeSnapshot(), default);
        Assert.True((await feed.ReadAsync(default)).Everything);
        var waiting = feed.ReadAsync(default).AsTask();
        await a.DisposeAsync();
        await Assert.ThrowsAsync<ChannelClosedException>(() => waiting);
    }

    [Fact]
    public async Task One_can_wait_for_a_vector()
    {
        await using var a = await Site.OpenAsync(1);
        await using var b = await Site.OpenAsync(2);
        await a.SetAsync("x", "name", "v");
        var waiting = b.Replica.WaitUntilCoversAsync(a.Replica.Vector, default).AsTask();
        Assert.False(waiting.IsCompleted);
        await b.PullAsync(a);
        await waiting.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
