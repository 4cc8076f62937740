using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Skerry.Blocks;
using Skerry.Movers.Native;
using Skerry.Movers.Native.Wire;
using Skerry.TestKit.Time;

namespace Skerry.Movers.Tests.Native;

public sealed class PackingTests
{
    private const int Size = 8 << 20;

    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void A_packed_frame_stands_for_the_one_it_was_made_of_and_damage_anywhere_is_seen()
    {
        using var zstd = new Zstd();
        using var plain = ExtentsFrame.Begin(64 << 10);
        Text(ExtentsFrame.Add(plain, 4096, 8192).Span);
        Text(ExtentsFrame.Add(plain, 40960, 4096).Span);
        plain.SealChecksum(1);
        using var packed = PackedFrame.TryBuild(zstd, FrameKind.Extents, plain.Written.Span[1..], 1);
        Assert.NotNull(packed);
        Assert.InRange(packed.LengthBytes, 20, plain.LengthBytes / 2);

        var (back, buffer) = PackedFrame.Unpack(zstd, new Frame(FrameKind.Packed, packed.Written[1..]));
        Assert.Equal(FrameKind.Extents, back.Kind);
        Assert.True(back.Payload.Span.SequenceEqual(plain.Written.Span[1..]));
        Assert.Equal([4096L, 40960L], ExtentsFrame.Read(back).Select(e => e.OffsetBytes));
        ArrayPool<byte>.Shared.Return(buffer);

        for (var at = 1; at < packed.LengthBytes; at++)
        {
            var bytes = packed.Written.ToArray();
            bytes[at] ^= 1;
            AssertSeenOrHarmless(zstd, bytes, plain.Written.Span[1..]);
            Assert.Throws<MoverProtocolException>(() => Take(zstd, packed.Written.ToArray()[..at]));
        }
    }

    [Fact]
    public void What_does_not_become_shorter_is_tried_ever_more_rarely()
    {
        var (choice, tries) = (new PackingChoice(), 0);
        for (var i = 0; i < 1000; i++)
        {
            if (choice.IsWorthTrying)
            {
                tries++;
                choice.Tried(becameShorter: false);
            }
        }

        Assert.InRange(tries, 10, 30);
        while (!choice.IsWorthTrying)
        {
        }

        choice.Tried(becameShorter: true);
        Assert.True(choice.IsWorthTrying && choice.IsWorthTrying);
    }

    [Theory]
    [InlineData(10.0, 6.4, true)]
    [InlineData(10.0, 11.5, false)]
    [InlineData(10.0, 10.5, true)]
    public void Packing_goes_on_while_it_moves_content_quicker_or_hardly_slower(double plainMs, double packedMs, bool isPacked)
    {
        var time = new ManualTime();
        var pace = new PackingPace(time);
        Assert.True(pace.Packs);
        var (packed, all) = (0, 8 << 10);
        for (var i = 0; i < all; i++)
        {
            packed += pace.Packs ? 1 : 0;
            time.Advance(TimeSpan.FromMilliseconds(pace.Packs ? packedMs : plainMs));
            pace.Shipped(1 << 20);
        }

        Assert.InRange(packed, isPacked ? all * 15 / 16 : 64, isPacked ? all - 32 : all / 16);
    }

    [Fact]
    public void A_link_that_becomes_the_slowest_part_has_content_packed_again_and_so_does_a_small_transfer_on_any()
    {
        var time = new ManualTime();
        var pace = new PackingPace(time);
        for (var i = 0; i < 64; i++)
        {
            Assert.True(pace.Packs);
            Ship(packed: 4, plain: 1);
        }

        for (var i = 0; i < 256; i++)
        {
            Ship(packed: 4, plain: 1);
        }

        Assert.False(pace.Packs);
        var tries = 0;
        while (!pace.Packs || tries < 64)
        {
            tries++;
            Ship(packed: 650, plain: 1000);
            Assert.InRange(tries, 0, 2_000);
        }

        void Ship(int packed, int plain)
        {
            time.Advance(TimeSpan.FromMilliseconds(pace.Packs ? packed : plain));
            pace.Shipped(1 << 20);
        }
    }

    [Theory]
    [InlineData(Packing.Always)]
    [InlineData(Packing.WhenQuicker)]
    [InlineData(Packing.Never)]
    public async Task Content_that_can_be_packed_crosses_the_link_packed_when_that_is_wanted(Packing packing)
    {
        var compress = packing != Packing.Never;
        await using var cloud = new TestCloud { Options = new NativeMoverOptions { Packing = packing } };
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        var text = new byte[4 << 20];
        Text(text);
        await source.WriteAsync(0, text, WriteOptions.None, None);
        await NativeMoverTests.WriteAsync(source, 5 << 20, 1 << 20, seed: 3);
        var run = DateTimeOffset.UtcNow;
        var transfer = (await north.UntilAsync(north.TaskTo(south, run), r => r.CompletedRun == run)).LastTransfer!;
        await NativeMoverTests.AssertSameAsync(source, await south.OpenAsync());
        Assert.Equal(5 << 20, transfer.MovedBytes);
        Assert.InRange(transfer.WireBytes, compress ? 1 << 20 : 5 << 20, compress ? 3 << 20 : 6 << 20);
    }

    [Fact]
    public async Task A_replica_that_names_no_features_gets_the_frames_of_version_1()
    {
        await using var cloud = new TestCloud();
        var north = cloud.Add(1);
        var south = cloud.Add(2);
        cloud.Begin(north);
        var source = await north.CreateAsync(Size);
        var text = new byte[300_000];
        Text(text);
        await source.WriteAsync(0, text, WriteOptions.None, None);
        var link = new MemoryLink();
        using var ended = new CancellationTokenSource();
        var task = north.TaskTo(south, DateTimeOffset.UtcNow);
        var facts = new SourceFacts();
        await using var acks = new SourceAcks(
            task, new VolumeGates(Skerry.Domain.Recovery.BootClock.System), cloud.Ledger, facts, TimeProvider.System, NullLogger.Instance);
        acks.Attach(source);
        using var sender = new FrameChannel(link.Client, TimeProvider.System);
        var running = new SourceLink(
            new SourceEnd(task, source, facts, cloud.Options, TimeProvider.System, NullLogger.Instance), sender, new SettleRequests(), acks,
            new TransferLimits(cloud.Options, TimeProvider.System)).RunAsync(() => task, ended.Token);
        using var replica = new FrameChannel(link.Server, TimeProvider.System);
        Assert.Equal(FrameKind.Hello, (await replica.ReceiveAsync(None))!.Value.Kind);
        await replica.SendAsync(
            FrameKind.State, new StateMessage(new LineageDocument([], 0), Size, false, 0, null), MoverJson.Default.StateMessage, None);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var kinds = new HashSet<FrameKind>();
        while (true)
        {
            var frame = (await replica.ReceiveAsync(None))!.Value;
            kinds.Add(frame.Kind);
            switch (frame.Kind)
            {
                case FrameKind.BeginCatchUp:
                    await replica.SendAsync(FrameKind.Ready, new ReadyMessage(0), MoverJson.Default.ReadyMessage, None);
                    break;
                case FrameKind.Blocks or FrameKind.Hole:
                    hash.AppendData(frame.Payload.Span);
                    break;
                case FrameKind.EndCatchUp:
                    Assert.Equal(Convert.ToHexStringLower(hash.GetHashAndReset()), frame.Json(MoverJson.Default.EndCatchUpMessage).Digest);
                    Assert.Contains(FrameKind.Blocks, kinds);
                    Assert.DoesNotContain(kinds, k => (byte)k >= 40);
                    await ended.CancelAsync();
                    await Assert.ThrowsAnyAsync<Exception>(() => running);
                    return;
            }
        }
    }

    private static void Take(Zstd zstd, byte[] frame)
    {
        var (back, buffer) = PackedFrame.Unpack(zstd, new Frame(FrameKind.Packed, frame.AsMemory(1)));
        try
        {
            _ = back.Kind == FrameKind.Extents ? ExtentsFrame.Read(back) : throw new MoverProtocolException("another kind");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A bit that zstd has no use for may turn without harm: what comes out is what went in.</summary>
    private static void AssertSeenOrHarmless(Zstd zstd, byte[] damaged, ReadOnlySpan<byte> content)
    {
        try
        {
            var (back, buffer) = PackedFrame.Unpack(zstd, new Frame(FrameKind.Packed, damaged.AsMemory(1)));
            Assert.Equal(FrameKind.Extents, back.Kind);
            _ = ExtentsFrame.Read(back);
            Assert.True(back.Payload.Span.SequenceEqual(content));
            ArrayPool<byte>.Shared.Return(buffer);
        }
        catch (MoverProtocolException)
        {
            // It was seen.
        }
    }

    private static void Text(Span<byte> into)
    {
        var random = new Random(5);
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = (byte)"etaoin shrdlu"[random.Next(13) * random.Next(13) / 13];
        }
    }
}
