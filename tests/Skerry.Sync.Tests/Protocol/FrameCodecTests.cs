using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.Sync.Protocol;
using Skerry.TestKit.Time;

namespace Skerry.Sync.Tests.Protocol;

public sealed class FrameCodecTests
{
    [Fact]
    public async Task Every_frame_is_read_as_it_was_written()
    {
        foreach (var frame in await AllAsync())
        {
            var read = FrameCodec.Decode(FrameCodec.Encode(frame).ToArray());
            Assert.Equal(Convert.ToHexStringLower(FrameCodec.Encode(frame).Span), Convert.ToHexStringLower(FrameCodec.Encode(read).Span));
            Assert.Equal(frame.GetType(), read.GetType());
        }
    }

    [Fact]
    public async Task Frames_of_version_one_are_what_they_were()
    {
        var frames = await AllAsync();
        var now = string.Join('\n', frames.Select(f => $"{f.GetType().Name} {Convert.ToHexStringLower(FrameCodec.Encode(f).Span)}")) + "\n";
        var frozen = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures", "wire-v1.txt"), TestContext.Current.CancellationToken);

        Assert.Equal(frozen, now);
        foreach (var line in frozen.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Equal(line.Split(' ')[0], FrameCodec.Decode(Convert.FromHexString(line.Split(' ')[1])).GetType().Name);
        }
    }

    [Fact]
    public async Task Cut_and_altered_frames_are_refused_or_read_and_never_anything_else()
    {
        var random = new Random(1);
        foreach (var frame in await AllAsync())
        {
            var bytes = FrameCodec.Encode(frame).ToArray();
            for (var length = 0; length < bytes.Length; length++)
            {
                Decodes(bytes[..length]);
            }

            for (var i = 0; i < 3000; i++)
            {
                var altered = bytes.ToArray();
                for (var n = random.Next(1, 4); n > 0; n--)
                {
                    altered[random.Next(altered.Length)] = (byte)random.Next(256);
                }

                Decodes(altered);
            }
        }

        for (var i = 0; i < 20000; i++)
        {
            var noise = new byte[random.Next(64)];
            random.NextBytes(noise);
            Decodes(noise);
        }

        static void Decodes(byte[] bytes)
        {
            try
            {
                FrameCodec.Decode(bytes);
            }
            catch (ProtocolException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }
    }

    [Fact]
    public void A_hello_of_yesterday_names_no_features_and_one_with_too_many_is_refused()
    {
        var digest = RangeDigest.Read(2, [.. Enumerable.Range(0, RangeDigest.SumBytes).Select(i => (byte)i)]);
        var hello = new Hello
        {
            LeastVersion = 1,
            MostVersion = 1,
            CloudId = "cloud",
            Site = new SiteId(1),
            Incarnation = 2,
            Vector = VersionVector.Empty,
            WindowBytes = 1,
            Features = ["one", "two"],
        };
        Assert.Empty(Decoded(hello with { Features = [] }).Features);
        Assert.Equal(["one", "two"], Decoded(hello).Features);
        Assert.Throws<ProtocolException>(() => Decoded(hello with { Features = [.. Enumerable.Repeat("x", 257)] }));
        Assert.Throws<ProtocolException>(() => Decoded(hello with { Features = [new string('x', 65)] }));

        static Hello Decoded(Hello hello) => (Hello)FrameCodec.Decode(FrameCodec.Encode(hello).ToArray());
    }

    [Fact]
    public void A_length_beyond_the_frame_takes_no_memory()
    {
        // A batch that says it holds 2^62 mutations.
        byte[] bytes = [2, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ProtocolException>(() => FrameCodec.Decode(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    private static async Task<IReadOnlyList<Frame>> AllAsync()
    {
        var site = await SessionSite.StartAsync(0x1122334455667788, new ManualTime());
        await site.WriteAsync("1", "first");
        await site.WriteAsync("2", "second", urgent: false);
        var snapshot = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var digest = RangeDigest.Read(2, [.. Enumerable.Range(0, RangeDigest.SumBytes).Select(i => (byte)i)]);
        var hello = new Hello
        {
            LeastVersion = 1,
            MostVersion = 1,
            CloudId = "cloud",
            Site = site.Replica.Site,
            Incarnation = site.Replica.Incarnation,
            Vector = site.Replica.Vector,
            WindowBytes = 4 << 20,
        };
        return
        [
            hello,
            hello with { Staged = new SnapshotPosition(snapshot, 300) },
            new Batch(1, site.Replica.ReadLog(VersionVector.Empty, null, 10, 1 << 20).Mutations),
            new BatchAck(200),
            new SnapshotOffer(snapshot, 300),
            new SnapshotPiece(snapshot, 300, true, false, new byte[] { 1, 2, 3 }),
            new SnapshotAck(snapshot, 301, true),
            new Heartbeat(1_767_225_600_000_000, 5, 3, 1),
            new Bye(ByeCode.Stopping, "The site stops."),
            hello with { Features = ["gossip", "digests"] },
            new GossipFrame(7, 2, [
                new Rumour(site.Replica.Site, new SiteId(2), TimeSpan.FromMilliseconds(300), 0, false),
                new Rumour(new SiteId(3), new SiteId(2), TimeSpan.FromMilliseconds(86_400_000), 5, true),
            ]),
            new DigestAsk(3, site.Replica.Vector, digest),
            new DigestAnswer(3, IsEqual: true),
            new DigestRanges(
                3,
                [new DigestPart(KeyRange.Everything, digest), new DigestPart(new KeyRange(new EntityKey("note", "1"), new EntityKey("note", "2")), RangeDigest.Empty)],
                [new DigestFinding(new KeyRange(null, new EntityKey("note", "2")), true, new EntityKey("note", "1"), new byte[] { 1, 2 }), new DigestFinding(KeyRange.Everything, false, null, default)]),
        ];
    }
}
