using Skerry.Domain;
using Skerry.Domain.Sites;
using Skerry.TestKit.Processes;

namespace Skerry.Host.Tests.Links;

public sealed class JoinTests
{
    [Fact]
    public async Task A_fresh_site_takes_over_the_cloud_and_is_linked_both_ways()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await north.NoteAsync("1", "before");

        var joined = await south.JoinAsync(await north.InviteAsync());

        Assert.Null(joined.Refusal);
        Assert.True(joined.Value.Adopted);
        Assert.Equal("north", joined.Value.InvitedBy.Name);
        Assert.Equal("before", south.Note("1"));
        Assert.Equal(CloudIdentity.Of(north.Replica), CloudIdentity.Of(south.Replica));
        await Holds(() => north.View(south).Aliveness == Aliveness.Connected && south.View(north).Aliveness == Aliveness.Connected, "both are connected");
        await south.NoteAsync("2", "after");
        await Holds(() => north.Note("2") == "after", "what south writes reaches north");
        Assert.Equal(["north", "south"], north.Sites.List(LinkedSite.Admin).Select(s => s.Name));
        Assert.Empty(north.Replica.Conflicts);
        Assert.Equal(south.Pin, north.View(south).CertificatePin);
    }

    [Fact]
    public async Task A_hub_sees_a_lost_site_as_autonomous_with_its_age_and_a_member_adds_a_second_link()
    {
        await using var hub = await LinkedSite.StartAsync("hub");
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await using var toHub = new TcpRelay(hub.EndPoint);
        await using var toNorthFromHub = new TcpRelay(north.EndPoint);
        await using var toSouth = new TcpRelay(south.EndPoint);
        await using var toNorthFromSouth = new TcpRelay(north.EndPoint);
        Assert.Null((await north.JoinAsync(await hub.InviteAsync(toHub.EndPoint), toNorthFromHub.EndPoint)).Refusal);
        Assert.Null((await south.JoinAsync(await hub.InviteAsync())).Refusal);
        var second = await north.JoinAsync(await south.InviteAsync(toSouth.EndPoint), toNorthFromSouth.EndPoint);
        Assert.Null(second.Refusal);
        Assert.False(second.Value.Adopted);
        await Holds(() => south.View(north) is { Aliveness: Aliveness.Connected, Via: null }, "south has its own link with north");
        Assert.Equal(toNorthFromSouth.EndPoint.ToString(), south.View(north).Address);
        Assert.Equal(toSouth.EndPoint.ToString(), north.View(south).Address);

        // The direct link alone is cut: all still know of each other through the hub.
        toSouth.Cut();
        toNorthFromSouth.Cut();
        await Holds(() => south.View(north) is { Aliveness: Aliveness.Connected, Via: "hub" }, "south knows north through the hub");

        // Now all of north's links.
        toHub.Cut();
        toNorthFromHub.Cut();
        await Holds(() => hub.View(north).Aliveness == Aliveness.Autonomous, "the hub finds north autonomous");
        await Holds(() => south.View(north).Aliveness == Aliveness.Autonomous, "south finds north autonomous");
        await Holds(() => north.View(hub).Aliveness == Aliveness.Autonomous && north.View(south).Aliveness == Aliveness.Autonomous, "north finds itself alone");
        var view = hub.View(north);
        Assert.NotNull(view.LastHeardAt);
        Assert.InRange(view.AgeSeconds!.Value, 0.5, 20);
        await north.NoteAsync("1", "alone");
        await south.NoteAsync("2", "meanwhile");

        toHub.Heal();
        toNorthFromHub.Heal();
        toSouth.Heal();
        toNorthFromSouth.Heal();
        await Holds(() => south.Note("1") == "alone" && north.Note("2") == "meanwhile", "both caught up");
        await Holds(() => hub.View(north).Aliveness == Aliveness.Connected && south.View(north) is { Aliveness: Aliveness.Connected, Via: null }, "all are connected again");
        await Holds(
            () => north.Replica.Digest().SequenceEqual(south.Replica.Digest()) && hub.Replica.Digest().SequenceEqual(south.Replica.Digest()),
            "all show the same");
        Assert.Empty(hub.Replica.Conflicts);
    }

    [Fact]
    public async Task An_invitation_is_for_one_site_and_holds_for_that_one_however_often_it_asks()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await using var east = await LinkedSite.StartAsync("east");
        var token = await north.InviteAsync();
        Assert.Null((await south.JoinAsync(token)).Refusal);
        Assert.Null((await south.JoinAsync(token)).Refusal);

        var refused = await east.JoinAsync(token);

        Assert.Equal(RefusalKind.State, refused.Refusal?.Kind);
        Assert.Contains(south.Id, refused.Refusal!.Message, StringComparison.Ordinal);
        Assert.Single(east.Sites.List(LinkedSite.Admin));
        Assert.Equal(2, north.Sites.List(LinkedSite.Admin).Count);
    }

    [Fact]
    public async Task A_token_that_leads_to_another_server_is_refused_with_the_fingerprint_that_was_seen()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var impostor = await LinkedSite.StartAsync("impostor");
        await using var south = await LinkedSite.StartAsync("south");

        var refused = await south.JoinAsync(await north.InviteAsync(impostor.EndPoint));

        Assert.Equal(RefusalKind.Unavailable, refused.Refusal?.Kind);
        Assert.Contains(impostor.Pin, refused.Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_taken_down_by_hand_stays_down_until_it_is_put_back()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await south.JoinAsync(await north.InviteAsync());
        await Holds(() => north.View(south).Aliveness == Aliveness.Connected, "connected");

        var down = await north.Sites.DisconnectAsync(LinkedSite.Admin, "south", "cable works", CancellationToken.None);

        Assert.Equal(Aliveness.Disconnected, down.Value.Aliveness);
        await Holds(() => south.View(north).Aliveness is not (Aliveness.Connected or Aliveness.Synchronizing), "south notices");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await north.NoteAsync("1", "later");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Null(south.Note("1"));

        await north.Sites.ConnectAsync(LinkedSite.Admin, "south", null, CancellationToken.None);
        await Holds(() => south.Note("1") == "later", "the link is back");
    }

    [Fact]
    public async Task A_fenced_site_is_refused_by_all_until_it_is_reinstated()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await south.JoinAsync(await north.InviteAsync());
        await Holds(() => north.View(south).Aliveness == Aliveness.Connected, "connected");
        Assert.Equal(
            RefusalKind.State, (await north.Sites.MarkFailedAsync(LinkedSite.Admin, "south", null, CancellationToken.None)).Refusal?.Kind);

        var fenced = await north.Sites.FenceAsync(LinkedSite.Admin, "south", "stolen", CancellationToken.None);

        Assert.Equal(Aliveness.Fenced, fenced.Value.Aliveness);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await south.NoteAsync("1", "not to be seen");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Null(north.Note("1"));
        await north.Sites.ReinstateAsync(LinkedSite.Admin, "south", CancellationToken.None);
        await Holds(() => north.Note("1") is not null, "the site is a member again");
    }

    private static async Task Holds(Func<bool> condition, string what, double seconds = 12)
    {
        var end = DateTime.UtcNow.AddSeconds(seconds);
        while (!condition())
        {
            if (DateTime.UtcNow > end)
            {
                Assert.Fail($"Not within {seconds} s: {what}");
            }

            await Task.Delay(10);
        }
    }
}
