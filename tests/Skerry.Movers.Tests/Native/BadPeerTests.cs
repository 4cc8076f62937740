using System.Net.WebSockets;
using Skerry.Movers.Native;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Tests.Native;

/// <summary>A source that speaks nonsense, though it is the right site, harms neither the copy nor the daemon.</summary>
public sealed class BadPeerTests
{
    [Fact]
    public async Task Noise_at_any_point_ends_the_link_and_leaves_the_copy_whole()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        var source = await north.CreateAsync(1 << 20);
        await NativeMoverTests.WriteAsync(source, 0, 100_000, seed: 1);
        await north.FollowAsync(south);
        await north.Mover.CleanupAsync(TestCloud.Replication, TestCloud.Volume, forGood: false, CancellationToken.None);
        var lineage = source.Lineage;
        var random = new Random(4);
        for (var attempt = 0; attempt < 200; attempt++)
        {
            using var link = await north.ConnectAsync(south.Id, NativeMover.Path, CancellationToken.None);
            using var channel = new FrameChannel(link, TimeProvider.System);
            if (attempt % 10 != 0)
            {
                await channel.SendAsync(
                    FrameKind.Hello,
                    new HelloMessage(1, TestCloud.Replication, TestCloud.Volume, 1, "g1", 1 << 20),
                    MoverJson.Default.HelloMessage,
                    CancellationToken.None);
            }

            await SendNoiseAsync(channel, random);
            await UntilEndAsync(channel);
        }

        var replica = await south.OpenAsync();
        await north.FollowAsync(south);
        Assert.Equal(lineage, source.Lineage);
        await NativeMoverTests.AssertSameAsync(source, replica);
    }

    [Fact]
    public async Task A_source_that_goes_on_sending_hears_why_it_is_refused()
    {
        await using var cloud = new TestCloud();
        var (north, south) = (cloud.Add(1), cloud.Add(2));
        cloud.Begin(north);
        await north.CreateAsync(1 << 20);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            using var link = await north.ConnectAsync(south.Id, NativeMover.Path, CancellationToken.None);
            using var channel = new FrameChannel(link, TimeProvider.System);
            await channel.SendAsync(
                FrameKind.Hello,
                new HelloMessage(99, TestCloud.Replication, TestCloud.Volume, 1, "g1", 1 << 20),
                MoverJson.Default.HelloMessage,
                CancellationToken.None);
            for (var i = 0; i < 64; i++)
            {
                using var frame = new FrameBuilder(FrameKind.Digests);
                frame.Bytes(new byte[256 << 10]);
                await channel.SendAsync(frame, CancellationToken.None);
            }

            var word = await channel.ReceiveAsync(CancellationToken.None);
            Assert.Equal(FrameKind.Refused, word?.Kind);
            Assert.Contains("version 99", word!.Value.Json(MoverJson.Default.RefusedMessage).Message, StringComparison.Ordinal);
            Assert.Null(await channel.ReceiveAsync(CancellationToken.None));
            await channel.CloseAsync("end");
        }
    }

    private static async Task SendNoiseAsync(FrameChannel channel, Random random)
    {
        using var frame = new FrameBuilder((FrameKind)random.Next(1, 40));
        var noise = new byte[random.Next(0, 200)];
        random.NextBytes(noise);
        frame.Bytes(noise);
        try
        {
            await channel.SendAsync(frame, CancellationToken.None);
            await channel.CloseAsync("end");
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            // It was closed already.
        }
    }

    private static async Task UntilEndAsync(FrameChannel channel)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            while (await channel.ReceiveAsync(patience.Token) is not null)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            // Closed without ado.
        }
    }
}
