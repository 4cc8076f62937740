using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

/// <summary>Sites that have seen the same compare what they hold; where that differs, both find out in what.</summary>
public sealed class DigestTalkTests
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(3);

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Equal_sites_know_it_after_one_round_trip_and_ask_again_every_so_often()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await a.WriteAsync("1");
        await b.WriteAsync("2");
        using var pair = new SessionPair(a, b);
        await pair.RunAsync();
        Assert.Null(a.Local.Digests.EqualAt(b.Replica.Site));

        await RunAsync(pair, Settled);
        Assert.Single(Of<DigestAsk>(pair));
        Assert.Single(Of<DigestAnswer>(pair), answer => answer.IsEqual);
        Assert.Equal(_time.GetUtcNow(), a.Local.Digests.EqualAt(b.Replica.Site));
        Assert.Equal(_time.GetUtcNow(), b.Local.Digests.EqualAt(a.Replica.Site));

        await a.WriteAsync("3");
        await RunAsync(pair, TimeSpan.FromSeconds(61));
        Assert.Equal([true, true], Of<DigestAnswer>(pair).Select(answer => answer.IsEqual));
        Assert.Empty(Of<DigestRanges>(pair));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(5000)]
    public async Task What_differs_is_found_at_both_ends_in_few_turns_and_nothing_is_repaired(int entities)
    {
        // Two copies of one site that run at once: both make the same dots, for different writes.
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await TakeAsync(a, await CopyAsync(entities, "left"));
        await TakeAsync(b, await CopyAsync(entities, "right"));
        Assert.Equal(a.Replica.Vector, b.Replica.Vector);
        var (before, beforeB) = (a.Replica.Digest(), b.Replica.Digest());
        Assert.NotEqual(before, beforeB);

        using var pair = new SessionPair(a, b);
        await RunAsync(pair, Settled);

        var expected = Enumerable.Range(0, entities).Where(i => i % 1000 == 0).Select(Key)
            .Append(new EntityKey("note", "only-left")).Append(new EntityKey("note", "only-right")).Order().ToArray();
        foreach (var (site, peer) in new[] { (a, b), (b, a) })
        {
            var difference = Assert.Single(site.Local.Digests.Differences);
            Assert.Equal((peer.Replica.Site, site.Replica.Vector), (difference.Peer, difference.Vector));
            Assert.Equal(expected, difference.Entities.Select(e => e.Key).Order());
            var changed = difference.Entities.Single(e => e.Key == Key(0)).Evidence;
            Assert.Contains(changed, line => line.StartsWith("text: here ", StringComparison.Ordinal) && line.Contains("left", StringComparison.Ordinal) && line.Contains("right", StringComparison.Ordinal));
            Assert.All(difference.Entities, e => Assert.Contains(e.Evidence, line => line.StartsWith("there: ", StringComparison.Ordinal)));
        }

        // Each turn divides what is left by sixteen; what one end lacks may take a turn more.
        Assert.InRange(Of<DigestRanges>(pair).Count(), 1, 4 + (int)Math.Ceiling(Math.Log(entities + 2, 16)));
        Assert.Equal(before, a.Replica.Digest());
        Assert.Equal(beforeB, b.Replica.Digest());
    }

    [Fact]
    public async Task A_difference_stands_until_both_are_found_equal()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await TakeAsync(a, await CopyAsync(2, "left", lone: false));
        await TakeAsync(b, await CopyAsync(2, "right", lone: false));
        using var pair = new SessionPair(a, b);
        await RunAsync(pair, Settled);
        var since = Assert.Single(a.Local.Digests.Differences).Since;
        await RunAsync(pair, TimeSpan.FromSeconds(61));
        Assert.Equal(since, Assert.Single(a.Local.Digests.Differences).Since);

        await a.Replica.CommitAsync(t => t.Set(Key(0), "text", FieldValue.FromString("agreed")), new CommitOptions("ada"), CancellationToken.None);
        await RunAsync(pair, TimeSpan.FromSeconds(61));
        Assert.Empty(a.Local.Digests.Differences);
        Assert.Empty(b.Local.Digests.Differences);
    }

    [Fact]
    public async Task At_other_vectors_nothing_is_compared_and_it_is_asked_again_soon()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        using var pair = new SessionPair(a, b);
        await pair.RunAsync();
        _time.Advance(Settled);

        // The question goes out, and b writes before it comes.
        var asked = false;
        while (pair.A.Next() is { Frame: { } frame })
        {
            asked |= frame is DigestAsk;
            if (frame is DigestAsk) await b.WriteAsync("meanwhile", urgent: false);
            await pair.B.ReceiveAsync(pair.A.Encode(frame).ToArray(), CancellationToken.None);
        }

        Assert.True(asked);
        await pair.RunAsync();
        Assert.Single(Of<DigestAnswer>(pair), answer => !answer.IsEqual);
        Assert.Null(a.Local.Digests.EqualAt(b.Replica.Site));
        Assert.Empty(a.Local.Digests.Differences);

        await b.WriteAsync("urgent");
        await RunAsync(pair, TimeSpan.FromSeconds(6));
        Assert.NotNull(a.Local.Digests.EqualAt(b.Replica.Site));
    }

    [Fact]
    public async Task A_peer_that_does_not_know_comparisons_hears_of_none()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time, features: [Features.Gossip]));
        using var pair = new SessionPair(a, b);
        await pair.RunAsync();
        await RunAsync(pair, TimeSpan.FromSeconds(61));
        Assert.Empty(Of<DigestAsk>(pair));
    }

    [Fact]
    public async Task An_end_that_says_what_cannot_be_is_led_nowhere()
    {
        var (a, b) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time));
        await a.WriteAsync("1");
        using var pair = new SessionPair(a, b);
        await pair.RunAsync();
        _time.Advance(Settled);
        var ask = Until<DigestAsk>(pair.A);
        var everything = new DigestPart(KeyRange.Everything, RangeDigest.Read(1_000_000, new byte[RangeDigest.SumBytes]));
        for (var turn = 0; turn < 1000; turn++)
        {
            await pair.A.ReceiveAsync(FrameCodec.Encode(new DigestRanges(ask.Number, [.. Enumerable.Repeat(everything, DigestTalk.MostParts)], [])).ToArray(), CancellationToken.None);
        }

        // Some answer, and no more: what it owes does not pile up.
        Assert.InRange(Drained(pair.A).OfType<DigestRanges>().Count(), 1, 1);
        await Assert.ThrowsAsync<ProtocolException>(async () => await pair.A.ReceiveAsync(
            FrameCodec.Encode(new DigestRanges(ask.Number, [.. Enumerable.Repeat(everything, DigestTalk.MostParts + 1)], [])).ToArray(), CancellationToken.None));
    }

    private static EntityKey Key(int i) => new("note", $"{i:d5}");

    private static IEnumerable<T> Of<T>(SessionPair pair) => pair.Frames.Select(f => f.Frame).OfType<T>();

    private static T Until<T>(LinkSession session)
        where T : Frame
    {
        while (true)
        {
            if (session.Next().Frame is T frame) return frame;
        }
    }

    private static IEnumerable<Frame> Drained(LinkSession session)
    {
        while (session.Next().Frame is { } frame) yield return frame;
    }

    /// <summary>Moves time, then carries frames until all is said; an end that hashes has no frame for a moment.</summary>
    private async Task RunAsync(SessionPair pair, TimeSpan span)
    {
        await pair.RunAsync();
        _time.Advance(span);
        for (var i = 0; i < 20; i++) await pair.RunAsync();
    }

    private async Task<SessionSite> CopyAsync(int entities, string name, bool lone = true)
    {
        var replica = await Replica.OpenAsync(
            new ReplicaOptions { Site = new SiteId(9) }, new MemoryStore(), _time, new Random(5), CancellationToken.None);
        await replica.CommitAsync(
            t =>
            {
                for (var i = 0; i < entities; i++) t.Set(Key(i), "text", FieldValue.FromString(i % 1000 == 0 ? name : "same"));
                if (lone) t.Set(new EntityKey("note", $"only-{name}"), "text", FieldValue.FromString("x"));
            },
            new CommitOptions("copy"), CancellationToken.None);
        return new SessionSite(replica, new SyncOptions(), _time);
    }

    private static async Task TakeAsync(SessionSite to, SessionSite from) => await to.Replica.ApplyAsync(
        from.Replica.ReadLog(to.Replica.Vector, null, int.MaxValue, int.MaxValue).Mutations, CancellationToken.None);
}
