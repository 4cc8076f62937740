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
