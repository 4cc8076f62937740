using Skerry.Sync.Peers;

namespace Skerry.Sync.Tests;

/// <summary>Links form any graph, and only one end of a link needs to be able to dial.</summary>
public sealed class GraphTests
{
    private const int Sites = 5;
    private const int WritesEach = 12;

    [Theory]
    [InlineData("star")]
    [InlineData("tree")]
    [InlineData("ring")]
    [InlineData("mesh")]
    public async Task Every_site_has_every_write_and_no_link_carried_one_twice(string shape)
    {
        var sites = await Task.WhenAll(Enumerable.Range(0, Sites).Select(i => TestSite.StartAsync($"site-{i}")));
        try
        {
            Link(sites, Edges(shape));
            await Eventually.Holds(
                () => sites.All(s => s.Node.Reports.All(r => r.Health == PeerHealth.Live)), "all links are up", seconds: 60);
            await Settled(sites);
            var before = sites.ToDictionary(s => s.Name, Received);
            await Task.WhenAll(sites.Select(async site =>
            {
                for (var i = 0; i < WritesEach; i++)
                {
                    await site.WriteAsync($"{site.Name}-{i}", "x");
                }
            }));
            await Eventually.Holds(
                () => sites.All(s => s.Replica.Vector.Equals(sites[0].Replica.Vector)) && sites[0].Replica.List("note").Count == Sites * WritesEach,
                "all sites have all writes", seconds: 60);
            await Settled(sites);

            Assert.All(sites, s => Assert.Equal(sites[0].Replica.Digest(), s.Replica.Digest()));
            foreach (var site in sites)
            {
                foreach (var (peer, count) in Received(site))
                {
                    // Each write once: its own may come back on a way that was quicker, but nothing twice over one link.
                    Assert.InRange(count - before[site.Name][peer], 0, Sites * WritesEach);
                }
            }

            if (shape is "star" or "tree")
            {
                // Without a second path nothing comes twice at all.
                Assert.All(sites, s => Assert.Equal((Sites - 1) * WritesEach, Received(s).Sum(r => r.Value) - before[s.Name].Sum(r => r.Value)));
            }
        }
        finally
        {
            foreach (var site in sites)
            {
                await site.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_site_that_only_dials_out_is_served_like_any_other()
    {
        await using var hub = await TestSite.StartAsync("hub");
        await using var hidden = await TestSite.StartAsync("hidden");
        await using var other = await TestSite.StartAsync("other");
        hub.Node.SetPeers([hidden.AsPeer(null), other.AsPeer(null)]);
        hidden.Node.SetPeers([hub.AsPeer(hub.EndPoint)]);
        other.Node.SetPeers([hub.AsPeer(hub.EndPoint)]);

        await other.WriteAsync("1", "for all");
        await hidden.WriteAsync("2", "from behind");

        await Eventually.Holds(() => hidden.Read("1") == "for all" && other.Read("2") == "from behind", "both directions work", seconds: 60);
    }

    private static void Link(TestSite[] sites, IReadOnlyList<(int From, int To)> edges)
    {
        for (var i = 0; i < sites.Length; i++)
        {
            sites[i].Node.SetPeers(
            [
                .. edges.Where(e => e.From == i).Select(e => sites[e.To].AsPeer(sites[e.To].EndPoint)),
                .. edges.Where(e => e.To == i).Select(e => sites[e.From].AsPeer(null)),
            ]);
        }
    }

    private static List<(int From, int To)> Edges(string shape) => shape switch
    {
        "star" => [.. Enumerable.Range(1, Sites - 1).Select(i => (i, 0))],
        "tree" => [.. Enumerable.Range(1, Sites - 1).Select(i => (i, (i - 1) / 2))],
        "ring" => [.. Enumerable.Range(0, Sites).Select(i => (i, (i + 1) % Sites))],
        _ => [.. Enumerable.Range(0, Sites).SelectMany(i => Enumerable.Range(0, i).Select(j => (i, j)))],
    };

    private static Dictionary<string, long> Received(TestSite site) => site.Node.Reports.ToDictionary(r => r.Name, r => r.MutationsReceived);

    /// <summary>Returns when nothing was received anywhere for a while.</summary>
    private static async Task Settled(TestSite[] sites)
    {
        var last = -1L;
        await Eventually.Holds(
            () =>
            {
                var now = sites.Sum(s => Received(s).Values.Sum());
                Thread.Sleep(150);
                return now == Interlocked.Exchange(ref last, now);
            },
            "the links come to rest", seconds: 60);
    }
}
