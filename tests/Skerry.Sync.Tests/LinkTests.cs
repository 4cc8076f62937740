using System.Diagnostics;
using Skerry.Sync.Peers;
using Skerry.TestKit.Processes;

namespace Skerry.Sync.Tests;

public sealed class LinkTests
{
    [Fact]
    public async Task A_write_reaches_the_other_site_whoever_dialled()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(south.EndPoint)]);
        south.Node.SetPeers([north.AsPeer(null)]);

        await north.WriteAsync("1", "from north");
        await south.WriteAsync("2", "from south");

        await Eventually.AreEqual(north, south);
        Assert.Equal("from north", south.Read("1"));
        Assert.Equal("from south", north.Read("2"));
        await Eventually.Holds(() => south.ReportOf(north).Health == PeerHealth.Live, "south sees north live");
        await Eventually.Holds(() => north.ReportOf(south) is { Health: PeerHealth.Live, RoundTrip: not null, Drift: not null }, "north measured the link");
    }

    [Fact]
    public async Task Two_sites_that_dial_each_other_keep_one_connection_and_send_nothing_twice()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        for (var i = 0; i < 20; i++)
        {
            await north.WriteAsync($"n{i}", "x");
        }

        north.Node.SetPeers([south.AsPeer(south.EndPoint)]);
        south.Node.SetPeers([north.AsPeer(north.EndPoint)]);
        await Eventually.AreEqual(north, south);
        await Eventually.Holds(() => north.ReportOf(south).Health == PeerHealth.Live && south.ReportOf(north).Health == PeerHealth.Live, "both are live");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var before = south.ReportOf(north).MutationsReceived;
        for (var i = 0; i < 50; i++)
        {
            await north.WriteAsync($"more{i}", "x");
            await south.WriteAsync($"back{i}", "x");
        }

        await Eventually.AreEqual(north, south);
        Assert.Equal(50, south.ReportOf(north).MutationsReceived - before);
        Assert.Equal(PeerHealth.Live, north.ReportOf(south).Health);
    }

    [Fact]
    public async Task What_one_site_learnt_it_passes_on_and_a_cut_link_is_made_up_for_when_it_heals()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var hub = await TestSite.StartAsync("hub");
        await using var south = await TestSite.StartAsync("south");
        await using var toHub = new TcpRelay(hub.EndPoint);
        north.Node.SetPeers([hub.AsPeer(toHub.EndPoint)]);
        south.Node.SetPeers([hub.AsPeer(hub.EndPoint)]);
        hub.Node.SetPeers([north.AsPeer(null), south.AsPeer(null)]);

        await north.WriteAsync("1", "through the hub");
        await Eventually.AreEqual(north, hub, south);
        Assert.Equal("through the hub", south.Read("1"));

        toHub.Cut();
        await Eventually.Holds(() => hub.ReportOf(north).Health == PeerHealth.Silent, "the hub finds north silent");
        Assert.Equal(PeerHealth.Live, hub.ReportOf(south).Health);
        Assert.NotNull(hub.ReportOf(north).LastHeardAt);
        await north.WriteAsync("2", "while cut off");
        await south.WriteAsync("2", "at the same time");
        await south.WriteAsync("3", "as well");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Null(north.Read("3"));

        toHub.Heal();
        await Eventually.AreEqual(north, hub, south);
        Assert.Equal("as well", north.Read("3"));
        Assert.Single(hub.Replica.Conflicts);
        await Eventually.Holds(() => hub.ReportOf(north).Health == PeerHealth.Live, "north is live again");
    }

    [Fact]
    public async Task A_foreign_certificate_is_refused_with_its_fingerprint_in_the_log()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var stranger = await TestSite.StartAsync("stranger");
        stranger.Node.SetPeers([north.AsPeer(north.EndPoint)]);
        await stranger.WriteAsync("1", "not welcome");

        await Eventually.Holds(
            () => north.Log.Warnings.Any(w => w.Contains(stranger.Certificate.Pin, StringComparison.Ordinal)), "the log names the fingerprint");
        await Eventually.Holds(
            () => stranger.ReportOf(north).LastError?.Contains("does not accept this site's certificate", StringComparison.Ordinal) == true,
            "the stranger learns why");
        Assert.Null(north.Read("1"));
        Assert.Equal(PeerHealth.Unheard, stranger.ReportOf(north).Health);
    }

    [Fact]
    public async Task A_server_with_another_certificate_than_the_pinned_one_is_not_spoken_with()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        await using var impostor = await TestSite.StartAsync("impostor");
        impostor.Node.SetPeers([north.AsPeer(null)]);
        north.Node.SetPeers([south.AsPeer(impostor.EndPoint)]);

        await Eventually.Holds(
            () => north.ReportOf(south).LastError?.Contains(impostor.Certificate.Pin, StringComparison.Ordinal) == true,
            "north names the fingerprint that it saw");
    }

    [Fact]
    public async Task A_site_of_another_cloud_is_refused_though_its_certificate_is_pinned()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var other = await TestSite.StartAsync("other", cloud: "cloud-2");
        north.Node.SetPeers([other.AsPeer(other.EndPoint)]);
        other.Node.SetPeers([north.AsPeer(null)]);

        await Eventually.Holds(
            () => north.ReportOf(other).LastError?.Contains("cloud", StringComparison.Ordinal) == true, "north says that the clouds differ");
    }

    [Fact]
    public async Task A_link_taken_down_closes_at_once_and_the_other_end_reads_why()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(null)]);
        south.Node.SetPeers([north.AsPeer(north.EndPoint)]);
        await Eventually.Holds(() => south.ReportOf(north).Health == PeerHealth.Live, "the link is up");

        north.Node.SetPeers([south.AsPeer(null) with { MaySync = false, Refusal = "taken down by ada" }]);

        await Eventually.Holds(
            () => south.ReportOf(north).LastError?.Contains("taken down by ada", StringComparison.Ordinal) == true, "south reads why");
        await north.WriteAsync("1", "stays here");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Null(south.Read("1"));

        north.Node.SetPeers([south.AsPeer(null)]);
        await Eventually.AreEqual(north, south);
    }

    [Fact]
    public async Task An_urgent_write_is_visible_at_the_neighbour_within_fifty_milliseconds()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(south.EndPoint)]);
        south.Node.SetPeers([north.AsPeer(null)]);
        await Eventually.Holds(() => south.ReportOf(north).Health == PeerHealth.Live, "the link is up");

        var times = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            var start = Stopwatch.GetTimestamp();
            await north.WriteAsync($"{i}", "now");
            await south.Replica.WaitUntilCoversAsync(north.Replica.Vector, limit.Token);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"median {times[25]:F2} ms, worst {times[^1]:F2} ms");
        Assert.InRange(times[25], 0, 50);
    }

    [Fact]
    public async Task A_measurement_waits_for_sync_delta_and_an_urgent_write_takes_it_along()
    {
        var patient = new SyncOptions { SyncDelta = TimeSpan.FromSeconds(60), SyncMax = 5, HeartbeatInterval = TimeSpan.FromMilliseconds(100) };
        await using var north = await TestSite.StartAsync("north", patient);
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(south.EndPoint)]);
        south.Node.SetPeers([north.AsPeer(null)]);
        await Eventually.Holds(() => north.ReportOf(south).Health == PeerHealth.Live, "the link is up");

        await north.WriteAsync("measured", "1", urgent: false);
        await Task.Delay(400, TestContext.Current.CancellationToken);
        Assert.Null(south.Read("measured"));

        await north.WriteAsync("decided", "1", urgent: true);
        await Eventually.AreEqual(north, south);
        Assert.Equal("1", south.Read("measured"));

        for (var i = 0; i < 4; i++)
        {
            await north.WriteAsync($"m{i}", "1", urgent: false);
        }

        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Null(south.Read("m0"));
        await north.WriteAsync("m4", "1", urgent: false);
        await Eventually.AreEqual(north, south);
    }

    [Fact]
    public async Task A_short_sync_delta_flushes_measurements_when_it_has_passed()
    {
        var quick = new SyncOptions { SyncDelta = TimeSpan.FromMilliseconds(300), HeartbeatInterval = TimeSpan.FromMilliseconds(100) };
        await using var north = await TestSite.StartAsync("north", quick);
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(south.EndPoint)]);
        south.Node.SetPeers([north.AsPeer(null)]);
        await Eventually.Holds(() => north.ReportOf(south).Health == PeerHealth.Live, "the link is up");

        await north.WriteAsync("decided", "1", urgent: true);
        await Eventually.AreEqual(north, south);
        var start = Stopwatch.GetTimestamp();
        await north.WriteAsync("measured", "1", urgent: false);
        await Eventually.AreEqual(north, south);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 150, 2000);
    }

    [Fact]
    public async Task Other_paths_of_the_server_are_not_served_on_the_sync_listener()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        north.Node.SetPeers([south.AsPeer(null)]);
        using var client = TestSite.ClientWith(south.Certificate);

        using var elsewhere = await client.GetAsync(new Uri($"https://{north.EndPoint}/elsewhere"), TestContext.Current.CancellationToken);
        using var plain = await client.GetAsync(new Uri($"https://{north.EndPoint}/sync"), TestContext.Current.CancellationToken);

        Assert.Equal(404, (int)elsewhere.StatusCode);
        Assert.Equal(400, (int)plain.StatusCode);
    }
}
