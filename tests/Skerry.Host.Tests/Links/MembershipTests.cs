using System.Net.WebSockets;
using Skerry.Domain.Sites;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Host.Tests.Links;

/// <summary>How a site's certificate is replaced, and how a membership ends.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task A_certificate_is_replaced_while_links_go_on_and_the_old_one_proves_nothing_afterwards()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await using var west = await LinkedSite.StartAsync("west");
        Assert.Null((await south.JoinAsync(await north.InviteAsync())).Refusal);
        Assert.Null((await west.JoinAsync(await north.InviteAsync())).Refusal);
        await Holds(() => north.Connected(south) && north.Connected(west) && south.Connected(north) && west.Connected(north), "all are linked");
        var before = north.Pin;

        Assert.Null((await north.Get<CertificateRotationService>().RotateAsync(LinkedSite.Admin, now: false, CancellationToken.None)).Refusal);

        await Holds(() => north.Pin != before, "north uses its next certificate");
        await Holds(() => south.View(north).CertificatePin == north.Pin && west.View(north).CertificatePin == north.Pin, "both know it");
        await Holds(() => south.Get<PinTable>().FindByPin(before) is null, "the old one proves nothing at south");
        Assert.Equal(north.Replica.Site, south.Get<PinTable>().FindByPin(north.Pin)?.Site);
        await Holds(() => north.View(north).Reason?.Contains("certificate", StringComparison.Ordinal) != true, "it is over");

        // The links came back, or never went, in both directions.
        await north.NoteAsync("1", "after");
        await south.NoteAsync("2", "after");
        await Holds(() => west.Note("1") == "after" && west.Note("2") == "after", "all are linked as before");

        // And again: what a rotation leaves behind does not stand in the way of the next.
        var second = north.Pin;
        Assert.Null((await north.Get<CertificateRotationService>().RotateAsync(LinkedSite.Admin, now: false, CancellationToken.None)).Refusal);
        await Holds(() => north.Pin != second && south.View(north).CertificatePin == north.Pin, "the second rotation ends too");
    }

    [Fact]
    public async Task A_rotation_waits_for_a_site_that_has_not_heard_of_it_unless_told_not_to()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        Assert.Null((await south.JoinAsync(await north.InviteAsync())).Refusal);
        await Holds(() => north.Connected(south), "they are linked");
        Assert.Null((await north.Sites.DisconnectAsync(LinkedSite.Admin, "south", "cut", CancellationToken.None)).Refusal);
        await Holds(() => !north.Hears(south) && !south.Hears(north) && !south.Connected(north), "south is cut off");
        var before = north.Pin;

        Assert.Null((await north.Get<CertificateRotationService>().RotateAsync(LinkedSite.Admin, now: false, CancellationToken.None)).Refusal);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal(before, north.Pin);
        Assert.Contains("as soon as south", north.View(north).Reason, StringComparison.Ordinal);

        Assert.Null((await north.Get<CertificateRotationService>().RotateAsync(LinkedSite.Admin, now: true, CancellationToken.None)).Refusal);
        await Holds(() => north.Pin != before, "told so, it does not wait");
    }

    [Fact]
    public async Task A_revoked_site_is_cut_off_within_seconds_everywhere_and_cannot_come_back()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        await using var stolen = await LinkedSite.StartAsync("stolen");
        Assert.Null((await south.JoinAsync(await north.InviteAsync())).Refusal);
        Assert.Null((await stolen.JoinAsync(await north.InviteAsync())).Refusal);
        Assert.Null((await stolen.JoinAsync(await south.InviteAsync())).Refusal);
        await Holds(() => stolen.Connected(north) && stolen.Connected(south) && north.Connected(south), "all are linked");

        // A connection of another kind, as one that carries blocks of volumes.
        var dialer = stolen.Get<PeerDialer>();
        using var other = await dialer.ConnectAsync(south.Replica.Site, "/echo", TestContext.Current.CancellationToken);
        var echoed = new byte[1];
        await other.SendAsync(new byte[1], WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        await other.ReceiveAsync(echoed, TestContext.Current.CancellationToken);

        Assert.Null((await north.Sites.RevokeAsync(LinkedSite.Admin, "stolen", "it was stolen", CancellationToken.None)).Refusal);

        await Holds(() => !north.Hears(stolen) && !south.Hears(stolen), "neither hears it");
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var end = await other.ReceiveAsync(echoed, limit.Token);
            Assert.Equal(WebSocketMessageType.Close, end.MessageType);
            throw new WebSocketException("closed in good order");
        });
        await stolen.NoteAsync("1", "from the thief");
        await Assert.ThrowsAsync<PeerUnreachableException>(
            () => dialer.ConnectAsync(south.Replica.Site, "/echo", TestContext.Current.CancellationToken).AsTask());
        await north.NoteAsync("2", "among us");
        await Holds(() => south.Note("2") == "among us", "the others go on");
        Assert.Null(north.Note("1"));
        Assert.Null(south.Note("1"));
        Assert.Contains("it was stolen", south.View(stolen).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(stolen.Certificate.Pem.Trim(), CloudIdentity.CertificatesOf(south.Replica).Select(c => c.Trim()));

        var back = await north.Sites.ReinstateAsync(LinkedSite.Admin, "stolen", CancellationToken.None);
        Assert.Contains("not taken back", back.Refusal?.Message, StringComparison.Ordinal);
        Assert.NotNull((await stolen.JoinAsync(await north.InviteAsync())).Refusal);
    }

    [Fact]
    public async Task A_revoked_invitation_and_an_expired_one_let_nobody_in()
    {
        await using var north = await LinkedSite.StartAsync("north");
        await using var south = await LinkedSite.StartAsync("south");
        var token = await north.InviteAsync();
        var id = north.Get<InvitationService>().List(LinkedSite.Admin).Value.Single().Id;
        Assert.Null((await north.Get<InvitationService>().RevokeAsync(LinkedSite.Admin, id, CancellationToken.None)).Refusal);
        Assert.Contains("knows no such invitation", (await south.JoinAsync(token)).Refusal?.Message, StringComparison.Ordinal);

        var brief = (await north.Get<InvitationService>().InviteAsync(
            LinkedSite.Admin, new InviteRequest(null, north.EndPoint.ToString(), TimeSpan.FromMilliseconds(50)), CancellationToken.None)).Value.Token!;
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Contains("expired", (await south.JoinAsync(brief)).Refusal?.Message, StringComparison.Ordinal);
    }

    private static async Task Holds(Func<bool> condition, string what)
    {
        var end = DateTime.UtcNow.AddSeconds(60);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, $"Not within a minute: {what}");
            await Task.Delay(10);
        }
    }
}
