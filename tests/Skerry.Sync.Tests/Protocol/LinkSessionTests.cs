using Skerry.State.Clocks;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

public sealed class LinkSessionTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Each_side_sends_what_the_other_lacks_and_nothing_twice_or_back()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await a.WriteAsync("1");
        await b.WriteAsync("2");
        using var pair = new SessionPair(a, b);

        await pair.RunAsync();
        await a.WriteAsync("3");
        await pair.RunAsync();

        Assert.Equal(2, pair.BatchesOf('a').Sum(f => f.Mutations.Count));
        Assert.Single(pair.BatchesOf('b').SelectMany(f => f.Mutations));
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.Equal(a.Replica.Vector, pair.A.PeerHas);
        Assert.False(pair.A.IsCatchingUp || pair.B.IsCatchingUp);
    }

    [Fact]
    public async Task A_broken_link_goes_on_from_what_the_peer_has()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await a.WriteAsync("1");
        using (var first = new SessionPair(a, b))
        {
            await first.RunAsync();
        }

        await a.WriteAsync("2");
        using var second = new SessionPair(a, b);
        await second.RunAsync();

        Assert.Single(second.BatchesOf('a').SelectMany(f => f.Mutations));
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
    }

    [Fact]
    public async Task What_came_over_another_path_is_not_sent_again()
    {
        var (a, b, c) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time), await SessionSite.StartAsync(3, _time));
        using var ab = new SessionPair(a, b);
        using var bc = new SessionPair(b, c);
        await a.WriteAsync("1");
        await ab.RunAsync();
        await bc.RunAsync();
        using var ca = new SessionPair(c, a);
        await ca.RunAsync();

        Assert.Empty(ca.BatchesOf('a'));
        Assert.Empty(ca.BatchesOf('b'));
        Assert.Equal(a.Replica.Digest(), c.Replica.Digest());
    }

    [Fact]
    public async Task A_peer_that_does_not_acknowledge_gets_a_window_and_no_more()
    {
        var options = new SyncOptions { BatchBytes = 1000, WindowBytes = 3000 };
        var (a, b) = (await SessionSite.StartAsync(1, _time, options), await SessionSite.StartAsync(2, _time, options));
        for (var i = 0; i < 200; i++)
        {
            await a.WriteAsync($"{i}", new string('x', 100));
        }

        using var pair = new SessionPair(a, b);
        await pair.A.ReceiveAsync(FrameCodec.Encode(pair.B.Next().Frame!).ToArray(), CancellationToken.None);
        var sent = 0;
        while (pair.A.Next().Frame is { } frame)
        {
            sent += frame is Batch batch ? batch.Mutations.Sum(m => m.Encoded.Length) : 0;
        }

        Assert.InRange(sent, 2000, 4500);
    }

    [Fact]
    public async Task A_peer_behind_the_log_takes_a_snapshot_that_goes_on_where_it_broke()
    {
        var options = new SyncOptions { BatchBytes = 500, WindowBytes = 1000 };
        var a = await SessionSite.StartAsync(1, _time, options, logBytes: 1000);
        var b = await SessionSite.StartAsync(2, _time, options);
        for (var i = 0; i < 60; i++)
        {
            await a.WriteAsync($"{i:00}", new string('x', 100));
        }

        Assert.True(await a.Replica.CutLogAsync(CancellationToken.None));
        await b.WriteAsync("own", "of b alone");
        List<long> before;
        using (var first = new SessionPair(a, b))
        {
            await first.RunAsync(most: 20);
            before = [.. first.Frames.Select(f => f.Frame).OfType<SnapshotPiece>().Where(p => p.EndsChunk).Select(p => p.Index)];
            Assert.NotEmpty(before);
            Assert.DoesNotContain(first.Frames, f => f.Frame is SnapshotPiece { EndsSnapshot: true });
            Assert.True(first.A.IsCatchingUp);
        }

        // Two connections at once, as when both sites dial: one of them alone may go on.
        using var second = new SessionPair(a, b);
        using var third = new SessionPair(a, b);
        Assert.NotNull(((Hello)second.B.Next().Frame!).Staged);
        Assert.Null(((Hello)third.B.Next().Frame!).Staged);
        second.Dispose();
        third.Dispose();

        using var last = new SessionPair(a, b);
        await last.RunAsync();
        var after = last.Frames.Select(f => f.Frame).OfType<SnapshotPiece>().Where(p => p.EndsChunk).Select(p => p.Index).ToList();
        Assert.True(last.Frames.Select(f => f.Frame).OfType<SnapshotOffer>().Single().From > 0);
        Assert.True(after[0] >= before[^1], "a chunk that had arrived came again");
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.True(last.B.SnapshotBytesJoined > 0);
        await a.WriteAsync("later");
        await last.RunAsync();
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
    }

    [Fact]
    public async Task A_feature_is_spoken_only_where_both_ends_named_it()
    {
        var a = await SessionSite.StartAsync(1, _time, features: ["gossip", "digests"]);
        var b = await SessionSite.StartAsync(2, _time, features: ["digests", "later"]);
        using var pair = new SessionPair(a, b);
        Assert.False(pair.A.Speaks("digests"));

        await pair.RunAsync();

        Assert.Equal((true, true), (pair.A.Speaks("digests"), pair.B.Speaks("digests")));
        Assert.Equal((false, false), (pair.A.Speaks("gossip"), pair.B.Speaks("gossip")));
        Assert.Equal((false, false), (pair.A.Speaks("later"), pair.B.Speaks("later")));
    }

    [Fact]
    public async Task Heartbeats_measure_the_drift_of_clocks_and_keep_their_pace()
    {
        var other = new ManualTime();
        other.SetWallClock(_time.GetUtcNow() + TimeSpan.FromSeconds(3));
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, other));
        using var pair = new SessionPair(a, b);
        await pair.RunAsync();
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            other.Advance(TimeSpan.FromSeconds(1));
            await pair.RunAsync();
        }

        Assert.InRange(pair.A.Drift!.Value.TotalSeconds, 2.99, 3.01);
        Assert.InRange(pair.B.Drift!.Value.TotalSeconds, -3.01, -2.99);
        Assert.InRange(pair.Frames.Count(f => f is { From: 'a', Frame: Heartbeat }), 5, 6);
    }

    [Fact]
    public async Task A_peer_that_breaks_the_protocol_is_told_what_it_did()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await a.WriteAsync("1");
        await a.WriteAsync("2");
        var mutations = a.Replica.ReadLog(VersionVector.Empty, null, 10, 10000).Mutations;
        await Refused("The first frame is not a hello", s => [new BatchAck(1)]);
        await Refused("A second hello", s => [Hello(a), Hello(a)]);
        await Refused("says that it is site", s => [Hello(a) with { Site = new SiteId(9) }]);
        await Refused("of cloud elsewhere", s => [Hello(a) with { CloudId = "elsewhere" }]);
        await Refused("upgrade the older one", s => [Hello(a) with { LeastVersion = 7, MostVersion = 9 }]);
        await Refused("where batch 1 was due", s => [Hello(a), new Batch(3, mutations)]);
        await Refused("where number 1 of its writer was due", s => [Hello(a), new Batch(1, [mutations[1]])]);
        await Refused("only 0 were sent", s => [Hello(a), new BatchAck(5)]);
        await Refused("not offered", s => [Hello(a), new SnapshotPiece(Guid.Empty, 0, true, true, new byte[] { 1 })]);
        await Refused("not offered", s => [Hello(a), new SnapshotAck(Guid.Empty, 1, true)]);
        await Refused("the beginning is not here", s => [Hello(a), new SnapshotOffer(Guid.Empty, 4)]);
        await Refused("damaged", s => [Hello(a), new SnapshotOffer(Guid.Empty, 0), new SnapshotPiece(Guid.Empty, 0, true, true, new byte[] { 1, 2, 3, 4, 5, 6 })]);

        async Task Refused(string expected, Func<LinkSession, Frame[]> frames)
        {
            using var session = new LinkSession(b.Local, a.Replica.Site);
            var fault = await Assert.ThrowsAsync<ProtocolException>(async () =>
            {
                foreach (var frame in frames(session))
                {
                    await session.ReceiveAsync(FrameCodec.Encode(frame).ToArray(), CancellationToken.None);
                }
            });
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        }
    }

    private static Hello Hello(SessionSite site) => new()
    {
        LeastVersion = 1,
        MostVersion = 1,
        CloudId = "cloud",
        Site = site.Replica.Site,
        Incarnation = site.Replica.Incarnation,
        Vector = site.Replica.Vector,
        WindowBytes = 1 << 20,
    };
}
