using Skerry.Sync.Peers;
using Skerry.Sync.Protocol;

namespace Skerry.Sync.Tests.Protocol;

public sealed class FlushPolicyTests
{
    private static readonly SyncOptions Options = new() { SyncDelta = TimeSpan.FromSeconds(180), SyncMax = 1000 };

    [Theory]
    [InlineData(0, false, false, false, 999, false, null)] // nothing waits, however long ago the last flush was
    [InlineData(1, false, false, false, 0, false, 180)] // a measurement waits for SYNC_DELTA
    [InlineData(1, false, false, false, 100, false, 80)] // for what is left of it
    [InlineData(1, false, false, false, 180, true, null)] // and goes when it has passed
    [InlineData(1, true, false, false, 0, true, null)] // what is urgent never waits
    [InlineData(999, false, false, false, 10, false, 170)]
    [InlineData(1000, false, false, false, 10, true, null)] // SYNC_MAX
    [InlineData(2, false, true, false, 0, true, null)] // a full batch: waiting more would have no bound in bytes
    [InlineData(1, false, false, true, 0, true, null)] // what the peer missed while it was away
    public void A_link_flushes_when_something_calls_for_it(
        int waiting, bool urgent, bool fills, bool catchingUp, int secondsSince, bool now, int? after)
    {
        var decision = FlushPolicy.Decide(new Waiting(waiting, urgent, fills, catchingUp), TimeSpan.FromSeconds(secondsSince), Options);

        Assert.Equal(now, decision.IsNow);
        Assert.Equal(after is null ? null : TimeSpan.FromSeconds(after.Value), decision.After);
    }

    [Theory]
    [InlineData(false, true, null, PeerHealth.Unheard)]
    [InlineData(true, false, 0.5, PeerHealth.Live)]
    [InlineData(true, true, 0.5, PeerHealth.CatchingUp)]
    [InlineData(true, false, 9.0, PeerHealth.CatchingUp)] // at work on what it read before
    [InlineData(false, true, 3.9, PeerHealth.Interrupted)]
    [InlineData(false, true, 4.0, PeerHealth.Silent)]
    public void Health_claims_no_more_than_was_heard(bool connected, bool catchingUp, double? silenceSeconds, PeerHealth expected)
    {
        var silence = silenceSeconds is { } s ? TimeSpan.FromSeconds(s) : (TimeSpan?)null;

        Assert.Equal(expected, PeerHealthRule.Judge(connected, catchingUp, silence, TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public void Pauses_grow_to_a_bound_are_jittered_and_start_over()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(5), new Random(1));
        var pauses = Enumerable.Range(0, 40).Select(_ => backoff.Next().TotalSeconds).ToList();

        Assert.InRange(pauses[0], 0.1, 0.2);
        Assert.All(pauses, p => Assert.InRange(p, 0.1, 5));
        Assert.All(pauses.Skip(6), p => Assert.InRange(p, 2.5, 5));
        Assert.True(pauses.Skip(6).Distinct().Count() > 20);
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalSeconds, 0.1, 0.2);
    }

    [Fact]
    public void All_mistakes_in_options_are_told_at_once()
    {
        var options = new SyncOptions { SyncDelta = TimeSpan.FromSeconds(-1), SyncMax = 0, DeadAfter = TimeSpan.Zero };

        Assert.Equal(3, options.Validate().Count);
        Assert.Empty(new SyncOptions().Validate());
    }
}
