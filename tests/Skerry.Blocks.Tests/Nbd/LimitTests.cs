using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>What one client, or all together, may hold of the server; and that one that vanishes holds nothing.</summary>
public sealed class LimitTests
{
    private const int Mebi = 1 << 20;
    private const uint Info = 6, Go = 7;

    [Fact]
    public async Task One_server_listens_on_tcp_and_unix_sockets_at_once_and_a_flush_covers_both()
    {
        string folder = Directory.CreateTempSubdirectory("skerry-nbd").FullName;
        try
        {
            UnixDomainSocketEndPoint path = new(Path.Combine(folder, "nbd.sock"));
            MemoryDevice device = new(Mebi);
            Served served = await Served.Start(device, o => new()
            {
                EndPoint = o.EndPoint,
                MoreEndPoints = [path, new IPEndPoint(IPAddress.Loopback, 0)],
            });
            Assert.Equal(3, served.Server.LocalEndPoints.Count);
            foreach (EndPoint endPoint in served.Server.LocalEndPoints)
            {
                using RawClient client = RawClient.Enter(endPoint, "disk", structured: true, allocation: true);
                Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
            }

            await served.DisposeAsync();
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_address_that_is_taken_leaves_the_server_on_none()
    {
        string folder = Directory.CreateTempSubdirectory("skerry-nbd").FullName;
        try
        {
            UnixDomainSocketEndPoint path = new(Path.Combine(folder, "nbd.sock"));
            await using Served first = await Served.Start(new MemoryDevice(Mebi));
            await Assert.ThrowsAnyAsync<SocketException>(() =>
                Served.Start(new MemoryDevice(Mebi), o => new() { EndPoint = path, MoreEndPoints = [first.Address] }));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task One_connection_too_many_to_an_export_is_refused_with_a_reason_and_room_is_found_again()
    {
        await using Served served = await Served.Start(
            new MemoryDevice(Mebi), o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxConnectionsPerExport = 2 });
        using RawClient one = served.Connect();
        RawClient two = served.Connect();
        using RawClient three = RawClient.Greet(served.Server.LocalEndPoint);
        Assert.Equal(RawClient.RepAck, three.Option(Info, RawClient.Info("disk"))[^1].Kind);
        (uint kind, byte[] message) = Assert.Single(three.Option(Go, RawClient.Info("disk")));
        Assert.Equal(0x80000002u, kind);
        Assert.Contains("volume-1 has 2 connections", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
        using RawClient old = RawClient.Greet(served.Server.LocalEndPoint);
        old.Send([.. "IHAVEOPT"u8, .. RawClient.Big(1u), .. RawClient.Big(4u), .. "disk"u8]);
        Assert.True(old.IsClosedByServer());

        two.Dispose();
        await served.Eventually(() => three.Option(Go, RawClient.Info("disk"))[^1].Kind == RawClient.RepAck, "there is room again");
        Assert.Equal(0u, three.Do(RawClient.Flush, 0, 0).Error);
    }

    [Fact]
    public async Task An_idle_connection_is_closed_and_one_that_works_or_waits_is_not()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(Mebi) { Before = (call, _) => call.Kind == "flush" ? new(release.Task) : default };
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, IdleTimeout = TimeSpan.FromSeconds(1.5) });
        using RawClient idle = served.Connect();
        using RawClient waiting = served.Connect();
        using RawClient busy = served.Connect();
        waiting.Ask(RawClient.Flush, 1, 0, 0);
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(3.5))
        {
            Assert.Equal(0u, busy.Do(RawClient.Read, 0, 512).Error);
            await Task.Delay(200);
        }

        Assert.True(idle.IsClosedByServer());
        await served.Eventually(() => served.Leases == 2, "the idle one's lease is released");
        release.SetResult();
        Assert.Equal(1ul, waiting.Next().Cookie);
    }

    [Fact]
    public async Task Large_payloads_of_all_connections_together_stay_under_the_limit_and_all_are_served()
    {
        long most = 0, held = 0;
        MemoryDevice device = new(16 * Mebi)
        {
            Before = async (call, _) =>
            {
                InterlockedMax(ref most, Interlocked.Add(ref held, call.LengthBytes));
                await Task.Delay(5, CancellationToken.None);
                Interlocked.Add(ref held, -call.LengthBytes);
            },
        };
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxBytesInFlightOfAll = 5 * Mebi });
        await Task.WhenAll(Enumerable.Range(0, 6).Select(c => Task.Run(() =>
        {
            using RawClient client = served.Connect();
            byte[] data = TransmissionTests.Bytes(2 * Mebi, c);
            for (ulong i = 0; i < 4; i++)
            {
                client.Ask(RawClient.Write, i, (ulong)(c * 2 * Mebi), 2 * Mebi, payload: data);
            }

            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(0u, client.Next().Error);
            }

            Assert.Equal(data, client.Do(RawClient.Read, (ulong)(c * 2 * Mebi), 2 * Mebi).Content(c * 2 * Mebi, 2 * Mebi));
        })));
        Assert.InRange(most, 2 * Mebi, 5 * Mebi);

        using RawClient large = served.Connect();
        Assert.Equal(6 * Mebi, large.Do(RawClient.Read, 0, 6 * Mebi).Content(0, 6 * Mebi).Length);
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_waits_for_room_leaves_its_place_in_the_queue()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(4 * Mebi) { Before = (call, _) => call.LengthBytes == Mebi ? new(release.Task) : default };
        await using Served served = await Served.Start(
            device,
            o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxBytesInFlightOfAll = 3 * Mebi / 2, DrainTimeout = TimeSpan.FromMilliseconds(300) });
        using RawClient holder = served.Connect();
        holder.Ask(RawClient.Write, 1, 0, Mebi, payload: new byte[Mebi]);
        await served.Eventually(() => device.Running == 1, "the first holds its share");
        using RawClient stopped = served.Connect();
        stopped.Ask(RawClient.Read, 2, 0, 2 * Mebi, RawClient.DontFragment);
        using RawClient small = served.Connect();
        Assert.Equal(0u, small.Do(RawClient.Read, 0, 4096).Error);
        await Task.Delay(50);

        Task stopping = served.Server.StopAsync(CancellationToken.None);
        release.SetResult();
        await stopping.WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(0, served.Leases);
        Assert.Equal(1ul, holder.Next().Cookie);
    }

    [Fact]
    public async Task A_killed_client_leaves_nothing_behind()
    {
        MemoryDevice device = new(64 * Mebi);
        await using Served served = await Served.Start(device);
        using Process client = ClientProgram.Start("qemu-img", "bench", "-w", "-f", "raw", "-c", "100000000", "-d", "32", served.Uri);
        await served.Eventually(() => device.Calls.Count > 100, "it writes");

        client.Kill();

        await served.Eventually(() => served.Leases == 0 && served.Server.Connections.Count == 0 && device.Running == 0, "nothing is left");
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_client_that_stands_still_with_replies_to_take_is_cut_off_after_the_limit()
    {
        MemoryDevice device = new(64 * Mebi);
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, UnansweredTimeout = TimeSpan.FromSeconds(1) });
        using RawClient still = served.Connect();
        still.Do(RawClient.Write, 0, 32 * Mebi, payload: new byte[32 * Mebi]);
        for (ulong i = 0; i < 40; i++)
        {
            still.Ask(RawClient.Read, i, 0, 32 * Mebi, RawClient.DontFragment);
        }

        await served.Eventually(() => served.Server.Connections.Single().BytesOut > 0, "it is being answered");
        await Within(TimeSpan.FromSeconds(15), () => served.Leases == 0 && served.Server.Connections.Count == 0);
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_client_whose_cable_is_pulled_is_noticed_busy_or_idle()
    {
        ClientProgram.Require("ip");
        string space = $"skerry-{Environment.ProcessId}";
        string here = $"skh{Environment.ProcessId % 100000}";
        string there = $"skt{Environment.ProcessId % 100000}";
        (int exitCode, _, string errors) = await ClientProgram.Try("ip", "netns", "add", space);
        Assert.SkipWhen(exitCode != 0, $"this machine gives no network namespaces: {errors}");
        try
        {
            await ClientProgram.Run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", space);
            await ClientProgram.Run("ip", "addr", "add", "198.18.77.1/30", "dev", here);
            await ClientProgram.Run("ip", "link", "set", here, "up");
            await ClientProgram.Run("ip", "-n", space, "addr", "add", "198.18.77.2/30", "dev", there);
            await ClientProgram.Run("ip", "-n", space, "link", "set", there, "up");
            MemoryDevice device = new(64 * Mebi);
            await using Served served = await Served.Start(
                device,
                o => new() { EndPoint = new IPEndPoint(IPAddress.Parse("198.18.77.1"), 0), OnFault = o.OnFault, UnansweredTimeout = TimeSpan.FromSeconds(2) });
            string uri = $"nbd://198.18.77.1:{served.Address.Port}/disk";
            using Process busy = ClientProgram.Start("ip", "netns", "exec", space, "qemu-img", "bench", "-f", "raw", "-c", "100000000", "-d", "16", uri);
            using Process idle = ClientProgram.Start("ip", "netns", "exec", space, "qemu-io", "-f", "raw", "-c", "read 0 4k", "-c", "sleep 60000", uri);
            try
            {
                await served.Eventually(() => device.Calls.Count > 100 && served.Leases == 2, "both are connected");

                // No FIN, no reset: whatever is sent is lost.
                await ClientProgram.Run("ip", "-n", space, "link", "set", there, "down");

                await Within(TimeSpan.FromSeconds(15), () => served.Leases == 0 && served.Server.Connections.Count == 0 && device.Running == 0);
                Assert.Empty(served.Faults);
            }
            finally
            {
                busy.Kill(entireProcessTree: true);
                idle.Kill(entireProcessTree: true);
            }
        }
        finally
        {
            await ClientProgram.Try("ip", "link", "del", here);
            await ClientProgram.Run("ip", "netns", "del", space);
        }
    }

    private static async Task Within(TimeSpan limit, Func<bool> condition)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < limit, $"not within {limit}");
            await Task.Delay(20);
        }
    }

    private static void InterlockedMax(ref long most, long value)
    {
        long seen;
        while (value > (seen = Interlocked.Read(ref most)) && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }
}
