using Skerry.State.Clocks;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

public sealed class LinkBudgetTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_link_sends_no_more_than_its_bandwidth_and_heartbeats_and_acknowledgements_pass_beside_it()
    {
        const int Rate = 20_000;
        var options = new SyncOptions { BandwidthBytesPerSecond = Rate, Compress = false };
        var (a, b) = (await SessionSite.StartAsync(1, _time, options), await SessionSite.StartAsync(2, _time));
        for (var i = 0; i < 1000; i++)
        {
            await a.WriteAsync($"{i}", new string('x', 100));
        }

        using var pair = new SessionPair(a, b, a.Local.Options);
        var (bytes, seconds, beats, acks) = (0L, 0.0, 0, 0);
        while (!b.Replica.Vector.CoversAll(a.Replica.Vector))
        {
            Assert.True(seconds < 60, "the log is carried in the end");
            await b.WriteAsync($"own{seconds}", "x");
            await pair.RunAsync();
            foreach (var (from, frame) in pair.Frames.Where(f => f.From == 'a'))
            {
                bytes += FrameCodec.Encode(frame).Length;
                beats += frame is Heartbeat ? 1 : 0;
                acks += frame is BatchAck ? 1 : 0;
            }

            pair.Frames.Clear();
            _time.Advance(TimeSpan.FromSeconds(0.05));
            seconds += 0.05;
            Assert.InRange(bytes, 0, (Rate * (seconds + 0.25)) + 6000);
        }

        Assert.True(seconds > bytes / (double)Rate / 2, "it took the time that its bound asks for");
        Assert.InRange(beats, (int)seconds - 1, (int)seconds + 2);
        Assert.True(acks > seconds * 10, "what the other end sent was acknowledged at once");
    }

    [Fact]
    public async Task A_large_snapshot_over_a_slow_link_goes_in_small_pieces_between_which_other_frames_pass()
    {
        var options = new SyncOptions { BandwidthBytesPerSecond = 16_000, Compress = false };
        var a = await SessionSite.StartAsync(1, _time, options, logBytes: 1000);
        var b = await SessionSite.StartAsync(2, _time);
        for (var i = 0; i < 500; i++)
        {
            await a.WriteAsync($"{i}", new string('x', 400));
        }

        Assert.True(await a.Replica.CutLogAsync(CancellationToken.None));
        using var pair = new SessionPair(a, b, options);
        for (var i = 0; i < 2000 && !b.Replica.Vector.CoversAll(a.Replica.Vector); i++)
        {
            await pair.RunAsync();
            _time.Advance(TimeSpan.FromSeconds(0.05));
        }

        Assert.True(b.Replica.Vector.CoversAll(a.Replica.Vector));
        var ofA = pair.Frames.Where(f => f.From == 'a').Select(f => f.Frame).ToList();
        Assert.All(ofA.OfType<SnapshotPiece>(), p => Assert.InRange(p.Bytes.Length, 1, 4000));
        Assert.True(ofA.OfType<Heartbeat>().Count() > 5);
        var first = ofA.FindIndex(f => f is SnapshotPiece);
        Assert.Contains(ofA.Skip(first).TakeWhile(f => f is not SnapshotPiece { EndsSnapshot: true }), f => f is Heartbeat);
    }

    [Fact]
    public async Task What_gains_from_it_is_packed_and_only_for_a_peer_that_unpacks()
    {
        var (a, b, old) = (await SessionSite.StartAsync(1, _time), await SessionSite.StartAsync(2, _time), await SessionSite.StartAsync(3, _time, features: []));
        for (var i = 0; i < 200; i++)
        {
            await a.WriteAsync($"{i}", "a text that is like the others");
        }

        Assert.InRange(await WireBytesAsync(a, b), 1, await WireBytesAsync(a, old) / 2);
        Assert.Equal(a.Replica.Digest(), b.Replica.Digest());
        Assert.Equal(a.Replica.Digest(), old.Replica.Digest());
    }

    [Fact]
    public void What_gains_nothing_by_packing_goes_as_it_is()
    {
        var noise = new byte[5000];
        new Random(1).NextBytes(noise);
        Assert.Null(PackedFrame.TryPack(noise));
        Assert.Null(PackedFrame.TryPack(new byte[10]));
    }

    [Fact]
    public async Task A_packed_frame_that_cannot_be_is_refused()
    {
        var a = await SessionSite.StartAsync(1, _time);
        for (var i = 0; i < 50; i++)
        {
            await a.WriteAsync($"{i}", "a text that is like the others");
        }

        var frame = FrameCodec.Encode(new Batch(1, a.Replica.ReadLog(VersionVector.Empty, null, 100, 1 << 20).Mutations));
        var packed = PackedFrame.TryPack(frame)!.Value.ToArray();
        Assert.Equal(50, ((Batch)FrameCodec.Decode(packed)).Mutations.Count);

        // It names a longer frame, a shorter one, one of 2^40 bytes; is cut; and holds another packed one.
        var named = packed.AsSpan(1).IndexOfAnyExceptInRange((byte)0x80, (byte)0xff) + 2;
        Refused([15, 0xff, 0x7f, .. packed[named..]]);
        Refused([15, 1, .. packed[named..]]);
        Refused([15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, .. packed[named..]]);
        Refused(packed[..^5]);
        Refused([15]);
        Refused(PackedFrame.TryPack(new byte[5000])!.Value.ToArray());
        Refused(PackedFrame.TryPack(Enumerable.Repeat((byte)15, 5000).ToArray())!.Value.ToArray());

        static void Refused(byte[] bytes) => Assert.Equal(ByeCode.Malformed, Assert.Throws<ProtocolException>(() => FrameCodec.Decode(bytes)).Code);
    }

    private static async Task<long> WireBytesAsync(SessionSite from, SessionSite to)
    {
        using var pair = new SessionPair(from, to);
        await pair.RunAsync();
        return pair.BytesOfA;
    }
}
