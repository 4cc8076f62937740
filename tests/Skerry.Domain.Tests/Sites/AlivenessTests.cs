using Skerry.Domain.Sites;

namespace Skerry.Domain.Tests.Sites;

public sealed class AlivenessTests
{
    private readonly Town _town = new();

    [Fact]
    public async Task A_site_is_known_through_others_as_fresh_as_they_are_and_autonomous_when_nobody_reaches_it()
    {
        var (hub, north, south) = await ThreeAsync();
        hub.Hears(north, LinkHealth.Live);
        hub.Hears(south, LinkHealth.Live);
        south.Hears(hub, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);

        var through = south.Sites.Show(Town.Admin, "north").Value;
        Assert.Equal((Aliveness.Connected, "hub"), (through.Aliveness, through.Via));

        // North goes silent; the hub says so, and south learns of it through the hub.
        var last = _town.Time.GetUtcNow();
        _town.Time.Advance(TimeSpan.FromSeconds(30));
        hub.Hears(north, LinkHealth.Silent, last);
        south.Hears(hub, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);

        var lost = south.Sites.Show(Town.Admin, "north").Value;
        Assert.Equal(Aliveness.Autonomous, lost.Aliveness);
        Assert.Equal(30, lost.AgeSeconds);
        Assert.Equal(Aliveness.Autonomous, hub.Sites.Show(Town.Admin, "north").Value.Aliveness);
        Assert.Equal(30, hub.Sites.Show(Town.Admin, "north").Value.AgeSeconds);

        // Then the hub itself: whatever it said last claims nothing any more.
        hub.Hears(north, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);
        south.Hears(hub, LinkHealth.Silent, _town.Time.GetUtcNow());
        Assert.Equal(Aliveness.Autonomous, south.Sites.Show(Town.Admin, "north").Value.Aliveness);
        Assert.Equal(Aliveness.Autonomous, south.Sites.Show(Town.Admin, "hub").Value.Aliveness);
    }

    [Fact]
    public async Task What_a_neighbour_tells_goes_before_what_was_written_down_and_its_age_is_shown()
    {
        var (hub, north, south) = await ThreeAsync();
        hub.Hears(north, LinkHealth.Live);
        hub.Hears(south, LinkHealth.Live);
        await hub.ObserveAsync();
        await Town.ExchangeAsync(hub, south);
        south.Hears(hub, LinkHealth.Live, gossips: true);

        // Nothing was told yet: what the hub wrote once claims nothing.
        Assert.Equal(Aliveness.Autonomous, south.Sites.Show(Town.Admin, "north").Value.Aliveness);

        south.IsTold(north, via: hub, TimeSpan.FromSeconds(1.5), isFresh: true);
        var through = south.Sites.Show(Town.Admin, "north").Value;
        Assert.Equal((Aliveness.Connected, "hub", 1.5), (through.Aliveness, through.Via, through.AgeSeconds));
        south.IsTold(north, via: hub, TimeSpan.FromSeconds(1), isFresh: true, isBehind: true);
        Assert.Equal(Aliveness.Synchronizing, south.Sites.Show(Town.Admin, "north").Value.Aliveness);

        // The hub still lives and still has it written that north is connected; the news of north has grown old all the same.
        south.IsTold(north, via: hub, TimeSpan.FromHours(2), isFresh: false);
        var lost = south.Sites.Show(Town.Admin, "north").Value;
        Assert.Equal((Aliveness.Autonomous, 7200), (lost.Aliveness, lost.AgeSeconds));
        Assert.Contains(lost.Knowledge, k => k.From == "hub" && k.Says.Contains("too old", StringComparison.Ordinal) && k.AgeSeconds == 7200);
        Assert.Contains(lost.Knowledge, k => k.From == "hub" && k.Says.StartsWith("wrote connected", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_site_whose_own_link_is_down_is_known_through_another_that_reaches_it()
    {
        var (hub, north, south) = await ThreeAsync();
        south.Hears(hub, LinkHealth.Live, gossips: true);
        south.Hears(north, LinkHealth.Silent, _town.Time.GetUtcNow() - TimeSpan.FromMinutes(5), gossips: true);
        south.IsTold(north, via: hub, TimeSpan.FromSeconds(1), isFresh: true);

        var north1 = south.Sites.Show(Town.Admin, "north").Value;
        Assert.Equal((Aliveness.Connected, "hub"), (north1.Aliveness, north1.Via));
        Assert.Equal(RefusalKind.State, (await south.Sites.MarkFailedAsync(Town.Admin, "north", null, CancellationToken.None)).Refusal?.Kind);
    }

    [Theory]
    [InlineData(LinkHealth.Live, Aliveness.Connected)]
    [InlineData(LinkHealth.CatchingUp, Aliveness.Synchronizing)]
    [InlineData(LinkHealth.Interrupted, Aliveness.Synchronizing)]
    [InlineData(LinkHealth.Silent, Aliveness.Autonomous)]
    public async Task A_neighbour_is_what_its_link_says(LinkHealth health, Aliveness expected)
    {
        var (hub, north, _) = await ThreeAsync();
        hub.Hears(north, health);

        Assert.Equal(expected, hub.Sites.Show(Town.Admin, "north").Value.Aliveness);
    }

    [Fact]
    public async Task A_site_that_nobody_ever_heard_is_unknown_and_this_site_knows_itself()
    {
        var (hub, _, _) = await ThreeAsync();

        Assert.Equal(Aliveness.Unknown, hub.Sites.Show(Town.Admin, "south").Value.Aliveness);
        Assert.Null(hub.Sites.Show(Town.Admin, "south").Value.AgeSeconds);
        Assert.Equal((Aliveness.Connected, 0d), (hub.Sites.Show(Town.Admin, "hub").Value.Aliveness, hub.Sites.Show(Town.Admin, "hub").Value.AgeSeconds));
        Assert.Equal(RefusalKind.NotFound, hub.Sites.Show(Town.Admin, "west").Refusal?.Kind);
    }

    [Fact]
    public async Task Failed_is_a_persons_word_and_ends_when_the_site_is_heard_again()
    {
        var (hub, north, _) = await ThreeAsync();
        hub.Hears(north, LinkHealth.Live);
        Assert.Equal(RefusalKind.State, (await hub.Sites.MarkFailedAsync(Town.Admin, "north", null, CancellationToken.None)).Refusal?.Kind);
        hub.Hears(north, LinkHealth.Silent, _town.Time.GetUtcNow());
        _town.Time.Advance(TimeSpan.FromMinutes(1));

        var failed = (await hub.Sites.MarkFailedAsync(Town.Admin, "north", "burnt down", CancellationToken.None)).Value;

        Assert.Equal(Aliveness.Failed, failed.Aliveness);
        Assert.Contains("burnt down", failed.Reason, StringComparison.Ordinal);
        _town.Time.Advance(TimeSpan.FromMinutes(1));
        hub.Hears(north, LinkHealth.Live);
        Assert.Equal(Aliveness.Connected, hub.Sites.Show(Town.Admin, "north").Value.Aliveness);
    }

    [Fact]
    public async Task A_link_is_put_back_where_it_was_taken_down_and_a_fenced_site_still_tries()
    {
        var (hub, north, _) = await ThreeAsync();
        hub.Hears(north, LinkHealth.Live);
        await hub.Sites.DisconnectAsync(Town.Admin, "north", "cable works", CancellationToken.None);
        await Town.ExchangeAsync(hub, north);

        Assert.False((await hub.ReconcileAsync()).Single(t => t.Name == "north").MaySync);
        Assert.True((await north.ReconcileAsync()).Single(t => t.Name == "hub").MaySync);
        Assert.Equal(Aliveness.Disconnected, north.Sites.Show(Town.Admin, "hub").Value.Aliveness);
        Assert.Equal(RefusalKind.State, (await north.Sites.ConnectAsync(Town.Admin, "hub", null, CancellationToken.None)).Refusal?.Kind);

        await hub.Sites.ConnectAsync(Town.Admin, "north", "other.example:1", CancellationToken.None);
        var target = (await hub.ReconcileAsync()).Single(t => t.Name == "north");
        Assert.True(target.MaySync);
        Assert.Equal("other.example:1", target.Address);

        await hub.Sites.FenceAsync(Town.Admin, "north", null, CancellationToken.None);
        await Town.ExchangeAsync(hub, north);
        Assert.False((await hub.ReconcileAsync()).Single(t => t.Name == "north").MaySync);
        Assert.True((await north.ReconcileAsync()).Single(t => t.Name == "hub").MaySync);
    }

    [Fact]
    public async Task An_observation_is_written_when_it_changes_and_at_no_other_time()
    {
        var (hub, north, _) = await ThreeAsync();
        hub.Hears(north, LinkHealth.Live);
        await hub.ObserveAsync();
        var vector = hub.Replica.Vector;

        _town.Time.Advance(TimeSpan.FromSeconds(10));
        hub.Hears(north, LinkHealth.Live);
        await hub.ObserveAsync();
        Assert.Equal(vector, hub.Replica.Vector);

        hub.Hears(north, LinkHealth.Interrupted);
        await hub.ObserveAsync();
        Assert.Equal(vector, hub.Replica.Vector);

        hub.Hears(north, LinkHealth.Silent);
        await hub.ObserveAsync();
        Assert.NotEqual(vector, hub.Replica.Vector);
    }

    private async Task<(Town.Member Hub, Town.Member North, Town.Member South)> ThreeAsync()
    {
        var (hub, north, south) = (await _town.BuildAsync("hub"), await _town.BuildAsync("north"), await _town.BuildAsync("south"));
        Assert.Null((await north.JoinAsync(await hub.InviteAsync())).Refusal);
        await Town.ExchangeAsync(hub, north);
        Assert.Null((await south.JoinAsync(await hub.InviteAsync())).Refusal);
        await Town.ExchangeAsync(hub, south);
        await Town.ExchangeAsync(hub, north);
        return (hub, north, south);
    }
}
