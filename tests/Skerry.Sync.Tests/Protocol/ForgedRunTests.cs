using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

/// <summary>A relay that speaks in another's name is found by who receives it.</summary>
public sealed class ForgedRunTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly SharedKey _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task A_forged_run_closes_the_link_and_names_its_maker_and_who_brought_it()
    {
        var maker = await SessionSite.StartAsync(1, _time, sealer: _keys);
        var relay = await SessionSite.StartAsync(2, _time);
        var receiver = await SessionSite.StartAsync(3, _time, rules: _keys);
        await maker.WriteAsync("1", "said by the maker");
        var real = maker.Replica.ReadLog(VersionVector.Empty, null, 10, 10_000).Mutations;
        using (var session = new LinkSession(receiver.Local, relay.Replica.Site))
        {
            await session.ReceiveAsync(FrameCodec.Encode(Hello(relay)).ToArray(), CancellationToken.None);
            var fault = await Assert.ThrowsAsync<ProtocolException>(
                () => session.ReceiveAsync(FrameCodec.Encode(new Batch(1, [Altered(real[0])])).ToArray(), CancellationToken.None).AsTask());
            Assert.Equal(ByeCode.Forged, fault.Code);
        }

        var forgery = Assert.Single(receiver.Local.Forgeries.All);
        Assert.Equal((maker.Replica.Site, relay.Replica.Site), (forgery.Maker, forgery.Bringer));
        Assert.Equal(0, receiver.Replica.Vector.Count);

        // The same relay, passing on what the maker said.
        using (var session = new LinkSession(receiver.Local, relay.Replica.Site))
        {
            await session.ReceiveAsync(FrameCodec.Encode(Hello(relay)).ToArray(), CancellationToken.None);
            await session.ReceiveAsync(FrameCodec.Encode(new Batch(1, real)).ToArray(), CancellationToken.None);
        }

        Assert.Equal("said by the maker", receiver.Replica.Find(new EntityKey("note", "1"))!.GetString("text"));
        Assert.Single(receiver.Local.Forgeries.All);
    }

    [Fact]
    public async Task Runs_stay_whole_over_links_that_send_in_small_pieces()
    {
        var options = new SyncOptions { BatchBytes = 100, WindowBytes = 100_000 };
        var (a, b, c) = (
            await SessionSite.StartAsync(1, _time, options, sealer: _keys, rules: _keys),
            await SessionSite.StartAsync(2, _time, options, sealer: _keys, rules: _keys),
            await SessionSite.StartAsync(3, _time, options, sealer: _keys, rules: _keys));
        for (var i = 0; i < 30; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 5).Select(n => a.WriteAsync($"{i}-{n}", new string('x', 40))));
            await b.WriteAsync($"b{i}");
        }

        using (var first = new SessionPair(a, b))
        {
            await first.RunAsync();
        }

        using var second = new SessionPair(b, c);
        await second.RunAsync();
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.Equal(a.Replica.Digest(), c.Replica.Digest());
    }

    /// <summary>One bit of the stamp, with a checksum that fits.</summary>
    private static Mutation Altered(Mutation mutation)
    {
        var bytes = mutation.Encoded.ToArray();
        bytes[20] ^= 1;
        Checksum.Fit(bytes);
        return MutationCodec.Decode(bytes);
    }

    private static Hello Hello(SessionSite site) => new()
    {
        LeastVersion = 1,
        MostVersion = 1,
        CloudId = "cloud",
        Site = site.Replica.Site,
        Incarnation = site.Replica.Incarnation,
        Vector = VersionVector.Empty,
        WindowBytes = 1 << 20,
    };
}
