using System.Net.WebSockets;
using Skerry.Sync.Peers;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Sync.Tests;

/// <summary>A member's certificate in the hands of a program that does not speak the protocol.</summary>
public sealed class BadPeerTests
{
    [Fact]
    public async Task A_frame_over_the_limit_closes_the_link_with_the_reason_and_is_not_read_to_its_end()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var rogue = await TestSite.StartAsync("rogue");
        north.Node.SetPeers([rogue.AsPeer(null)]);
        using var socket = await ConnectAsync(rogue, north);
        await using var connection = new WebSocketConnection(socket, "north", 1 << 20);
        var part = new byte[1 << 20];
        var sent = 0L;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // A gigabyte, if it were let in.
        var sending = Task.Run(async () =>
        {
            try
            {
                for (; sent < 1L << 30; sent += part.Length)
                {
                    await socket.SendAsync(part, WebSocketMessageType.Binary, endOfMessage: false, TestContext.Current.CancellationToken);
                }
            }
            catch (Exception closed) when (closed is WebSocketException or IOException)
            {
                // As it should be.
            }
        }, TestContext.Current.CancellationToken);
        var bye = await ByeAsync(connection);
        await sending;

        Assert.Contains("larger than the limit", bye?.Text ?? north.ReportOf(rogue).LastError, StringComparison.Ordinal);
        Assert.InRange(sent, 0, 64 << 20);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    [Fact]
    public async Task Noise_closes_the_link_with_the_reason_and_other_links_go_on()
    {
        await using var north = await TestSite.StartAsync("north");
        await using var south = await TestSite.StartAsync("south");
        await using var rogue = await TestSite.StartAsync("rogue");
        north.Node.SetPeers([rogue.AsPeer(null), south.AsPeer(null)]);
        south.Node.SetPeers([north.AsPeer(north.EndPoint)]);
        using var socket = await ConnectAsync(rogue, north);
        await using var connection = new WebSocketConnection(socket, "north", 1 << 20);

        await connection.SendAsync("GET / HTTP/1.1"u8.ToArray(), TestContext.Current.CancellationToken);

        var bye = await ByeAsync(connection);
        Assert.Equal(ByeCode.Malformed, bye?.Code);
        Assert.Contains("unknown type", bye!.Text, StringComparison.Ordinal);
        await Eventually.Holds(() => north.Log.Warnings.Any(w => w.Contains("rogue", StringComparison.Ordinal)), "the log says so");
        await south.WriteAsync("1", "undisturbed");
        await Eventually.Holds(() => north.Read("1") == "undisturbed", "the other link works");
        Assert.Equal(PeerHealth.Unheard, north.ReportOf(rogue).Health);
    }

    [Fact]
    public async Task A_peer_that_never_greets_is_given_up()
    {
        await using var north = await TestSite.StartAsync("north", new SyncOptions { DialTimeout = TimeSpan.FromMilliseconds(300) });
        await using var rogue = await TestSite.StartAsync("rogue");
        north.Node.SetPeers([rogue.AsPeer(null)]);
        using var socket = await ConnectAsync(rogue, north);
        await using var connection = new WebSocketConnection(socket, "north", 1 << 20);

        await ByeAsync(connection);
        await Eventually.Holds(
            () => north.ReportOf(rogue).LastError?.Contains("no greeting came", StringComparison.Ordinal) == true, "north says why");
    }

    private static async Task<WebSocket> ConnectAsync(TestSite from, TestSite to)
    {
        var pins = new PinTable();
        pins.Set([to.AsPeer(to.EndPoint)]);
        var dialer = new PeerDialer(from.Certificate, pins, TimeSpan.FromSeconds(4));
        return await dialer.ConnectAsync(to.Replica.Site, SyncNode.Path, TestContext.Current.CancellationToken);
    }

    /// <summary>The site's last word; null when the connection broke before it could be read.</summary>
    private static async Task<Bye?> ByeAsync(WebSocketConnection connection)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(8));
        try
        {
            while (await connection.ReceiveAsync(limit.Token) is { } frame)
            {
                if (FrameCodec.Decode(frame) is Bye bye)
                {
                    return bye;
                }
            }
        }
        catch (IOException)
        {
            // Said by the caller.
        }

        return null;
    }
}
