using System.Net.WebSockets;
using Skerry.State;
using Skerry.State.Clocks;
using Skerry.State.Merging;
using Skerry.Sync.Protocol;
using Skerry.Sync.Transport;
using Skerry.Sync.Transport.WebSockets;

namespace Skerry.Sync.Tests;

/// <summary>A slow receiver never grows a sender's memory.</summary>
[Collection(MemoryMeasures.Name)]
public sealed class BackPressureTests
{
    private const int Writes = 100_000;

    [Fact]
    public async Task A_receiver_that_reads_nothing_while_a_hundred_thousand_changes_are_made_costs_no_memory()
    {
        var patient = TestSite.Fast with { DeadAfter = TimeSpan.FromMinutes(5) };
        await using var north = await TestSite.StartAsync("north", patient, limits: new ReplicaLimits { MaxLogBytes = 1 << 20 });
        await using var stuck = await TestSite.StartAsync("stuck");
        north.Node.SetPeers([stuck.AsPeer(null)]);
        using var socket = await GreetedAsync(stuck, north);
        await Eventually.Holds(() => north.ReportOf(stuck).LastHeardAt is not null, "north takes it for a peer", seconds: 60);

        // A few first, so that what is made once is made.
        await WriteAsync(north, 2000);
        await Eventually.Holds(() => north.ReportOf(stuck).MutationsSent > 0, "north begins to send", seconds: 60);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await WriteAsync(north, Writes);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        Assert.InRange(after - before, long.MinValue, 24 << 20);
        Assert.InRange(north.ReportOf(stuck).MutationsSent, 1, Writes - 1000);
        Assert.Equal(102_000, north.Replica.Vector[new Writer(north.Replica.Site, north.Replica.Incarnation)]);
        Assert.True(north.ReportOf(stuck).LastError is null, "the link still stands: nothing was lost, it only waits");
    }

    private static async Task WriteAsync(TestSite site, int count)
    {
        const int AtOnce = 200;
        for (var done = 0; done < count; done += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i => site.Replica.CommitAsync(
                t => t.Set(new EntityKey("note", $"{i}"), "text", FieldValue.FromString(new string('x', 100))),
                new CommitOptions("ada", Urgent: true), TestContext.Current.CancellationToken).AsTask()));
            await site.Replica.CutLogAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Says hello, and reads nothing, ever.</summary>
    private static async Task<WebSocket> GreetedAsync(TestSite from, TestSite to)
    {
        var pins = new PinTable();
        pins.Set([to.AsPeer(to.EndPoint)]);
        var dialer = new PeerDialer(from.Certificate, pins, TimeSpan.FromSeconds(30));
        var socket = await dialer.ConnectAsync(to.Replica.Site, SyncNode.Path, TestContext.Current.CancellationToken);
        var hello = FrameCodec.Encode(new Hello
        {
            LeastVersion = 1,
            MostVersion = 1,
            CloudId = "cloud-1",
            Site = from.Replica.Site,
            Incarnation = from.Replica.Incarnation,
            Vector = VersionVector.Empty,
            WindowBytes = int.MaxValue,
        });
        await socket.SendAsync(hello, WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);
        return socket;
    }
}
