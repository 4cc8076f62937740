using System.Net.Sockets;
using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

public sealed class LifetimeTests
{
    private const int Mebi = 1 << 20;

    [Fact]
    public async Task A_client_that_vanishes_in_the_middle_of_a_write_leaves_nothing_behind()
    {
        MemoryDevice device = new(8 * Mebi);
        await using Served served = await Served.Start(device);
        foreach (int length in new[] { 4096, Mebi })
        {
            RawClient client = served.Connect();
            Assert.Equal(1, served.Leases);
            client.Send(RawClient.Request(RawClient.Write, 1, 0, (uint)length));
            client.Send(new byte[length / 2]);
            client.Socket.Close(0);
            client.Dispose();

            await served.Eventually(() => served.Leases == 0 && served.Server.Connections.Count == 0, "the lease is released");
        }

        Assert.Empty(device.Calls);
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_client_that_vanishes_with_requests_in_flight_keeps_its_lease_until_they_are_done()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(Mebi) { Before = (_, _) => new(release.Task) };
        await using Served served = await Served.Start(device);
        RawClient client = served.Connect();
        client.Ask(RawClient.Write, 1, 0, 4096, payload: TransmissionTests.Bytes(4096, 9));
        await served.Eventually(() => device.Running == 1, "the write runs");
        client.Dispose();
        await Task.Delay(100);
        Assert.Equal(1, served.Leases);

        release.SetResult();

        await served.Eventually(() => served.Leases == 0, "the lease is released");
        Assert.Equal(TransmissionTests.Bytes(4096, 9), device.Content(0, 4096));
    }

    [Fact]
    public async Task A_request_that_never_ends_is_cancelled_after_its_client_left()
    {
        MemoryDevice device = new(Mebi) { Before = (_, cancel) => new(Task.Delay(Timeout.Infinite, cancel)) };
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, DrainTimeout = TimeSpan.FromMilliseconds(100) });
        RawClient client = served.Connect();
        client.Ask(RawClient.Flush, 1, 0, 0);
        await served.Eventually(() => device.Running == 1, "the flush runs");

        client.Dispose();

        await served.Eventually(() => served.Leases == 0 && device.Running == 0, "the lease is released");
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task A_disconnect_lets_what_is_in_flight_finish()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(Mebi) { Before = (_, _) => new(release.Task) };
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        client.Ask(RawClient.Write, 7, 0, 4096, payload: new byte[4096]);
        client.Ask(RawClient.Disconnect, 8, 0, 0);
        await served.Eventually(() => device.Running == 1, "the write runs");

        release.SetResult();

        Assert.Equal(7ul, client.Next().Cookie);
        Assert.True(client.IsClosedByServer());
    }

    [Fact]
    public async Task A_revoked_export_is_closed_within_a_second_and_its_requests_are_cancelled()
    {
        using CancellationTokenSource revoke = new();
        MemoryDevice device = new(Mebi) { Before = (call, cancel) => call.Kind == "flush" ? new(Task.Delay(Timeout.Infinite, cancel)) : default };
        await using Served served = await Served.Start(device, revoked: revoke.Token);
        using RawClient busy = served.Connect();
        using RawClient idle = served.Connect();
        busy.Do(RawClient.Write, 0, 4096, payload: new byte[4096]);
        busy.Ask(RawClient.Flush, 1, 0, 0);
        await served.Eventually(() => device.Running == 1, "the flush runs");

        long began = Environment.TickCount64;
        await revoke.CancelAsync();

        Assert.True(busy.IsClosedByServer());
        Assert.True(idle.IsClosedByServer());
        await served.Eventually(() => served.Leases == 0, "the leases are released");
        Assert.InRange(Environment.TickCount64 - began, 0, 1000);
        Assert.Equal(0, device.Running);
    }

    [Fact]
    public async Task A_revoked_export_is_closed_under_full_load()
    {
        using CancellationTokenSource revoke = new();
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device, revoked: revoke.Token);
        using RawClient client = served.Connect();
        Task load = Task.Run(() =>
        {
            try
            {
                while (true)
                {
                    client.Ask(RawClient.Write, 1, 0, 65_536, payload: new byte[65_536]);
                }
            }
            catch (SocketException)
            {
                // The server hung up, which is what the test waits for.
            }
        });
        await served.Eventually(() => device.Calls.Count > 20, "the load runs");

        await revoke.CancelAsync();

        await served.Eventually(() => served.Leases == 0, "the lease is released");
        await load.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Empty(served.Server.Connections);
    }

    [Fact]
    public async Task Stopping_answers_what_is_in_flight_and_closes()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(Mebi) { Before = (_, _) => new(release.Task) };
        Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        using RawClient haggling = RawClient.Greet(served.Server.LocalEndPoint);
        client.Ask(RawClient.Write, 1, 0, 4096, payload: new byte[4096]);
        await served.Eventually(() => device.Running == 1, "the write runs");

        Task stopping = served.Server.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping;

        Assert.Equal(1ul, client.Next().Cookie);
        Assert.True(client.IsClosedByServer());
        Assert.True(haggling.IsClosedByServer());
        Assert.Equal(0, served.Leases);
        Assert.ThrowsAny<SocketException>(() => RawClient.Dial(served.Server.LocalEndPoint));
        await served.DisposeAsync();
    }

    [Fact]
    public async Task Stopping_cancels_what_does_not_end_and_cuts_off_who_does_not_read()
    {
        MemoryDevice device = new(4 * Mebi) { Before = (call, cancel) => call.Kind == "flush" ? new(Task.Delay(Timeout.Infinite, cancel)) : default };
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, DrainTimeout = TimeSpan.FromMilliseconds(200) });
        using RawClient stuck = served.Connect();
        stuck.Ask(RawClient.Flush, 1, 0, 0);
        using RawClient deaf = served.Connect();
        for (ulong i = 0; i < 60; i++)
        {
            deaf.Ask(RawClient.Read, i, 0, 4 * Mebi, RawClient.DontFragment);
        }

        await served.Eventually(() => device.Running >= 1, "the flush runs");
        await served.Server.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(0, served.Leases);
        Assert.Equal(0, device.Running);
    }

    [Fact]
    public async Task One_connection_too_many_is_closed_and_room_is_found_again()
    {
        await using Served served = await Served.Start(
            new MemoryDevice(Mebi), o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxConnections = 2 });
        using RawClient one = served.Connect();
        RawClient two = served.Connect();
        using RawClient three = RawClient.Dial(served.Server.LocalEndPoint);
        Assert.True(three.IsClosedByServer());

        two.Dispose();
        await served.Eventually(() => served.Server.Connections.Count == 1, "one connection is left");

        using RawClient four = served.Connect();
        Assert.Equal(0u, four.Do(RawClient.Flush, 0, 0).Error);
    }

    [Fact]
    public async Task Connections_tell_who_uses_what_without_the_secret_name()
    {
        await using Served served = await Served.Start(new MemoryDevice(Mebi));
        using RawClient client = served.Connect();
        client.Do(RawClient.Write, 0, 4096, payload: new byte[4096]);
        client.Do(RawClient.Read, 0, 4096);

        // A reply can arrive before its sender has counted it.
        await served.Eventually(() => served.Server.Connections.Single().BytesOut > 4096, "the bytes are counted");
        NbdConnectionInfo info = Assert.Single(served.Server.Connections);

        Assert.Equal(client.Socket.LocalEndPoint, info.Remote);
        Assert.Equal("volume-1", info.Export);
        Assert.InRange(info.BytesIn, 4096 + 56, 5000);
        Assert.InRange(info.BytesOut, 4096 + 44, 5000);
        Assert.InRange(info.LastActivity, info.Since, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_unix_socket_serves_is_private_is_removed_at_stop_and_replaces_only_a_dead_one()
    {
        string directory = Directory.CreateTempSubdirectory("skerry-nbd").FullName;
        try
        {
            UnixDomainSocketEndPoint path = new(Path.Combine(directory, "nbd.sock"));
            using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                // Bound and closed without being unlinked by a server's stop: what SIGKILL leaves.
                dead.Bind(path);
                dead.Listen();
            }

            await File.WriteAllTextAsync(Path.Combine(directory, "witness"), "");
            Served served = await Served.Start(new MemoryDevice(Mebi), endPoint: path);
            Assert.True(OperatingSystem.IsLinux());
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path.ToString()));
            using (RawClient client = served.Connect())
            {
                Assert.Equal(0u, client.Do(RawClient.Write, 0, 4096, payload: new byte[4096]).Error);
            }

            await Assert.ThrowsAnyAsync<SocketException>(() => Served.Start(new MemoryDevice(Mebi), endPoint: path));
            using (RawClient again = served.Connect())
            {
                Assert.Equal(0u, again.Do(RawClient.Flush, 0, 0).Error);
            }

            await served.DisposeAsync();
            Assert.Equal(["witness"], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Options_out_of_range_are_all_named_at_once()
    {
        ArgumentException mistake = Assert.Throws<ArgumentException>(() => new NbdServer(
            new() { EndPoint = new UnixDomainSocketEndPoint("x"), MaxConnections = 0, MaxRequestsInFlight = 0, HandshakeTimeout = TimeSpan.Zero },
            null!,
            TimeProvider.System));
        Assert.Contains("MaxConnections", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("MaxRequestsInFlight", mistake.Message, StringComparison.Ordinal);
        Assert.Contains("HandshakeTimeout", mistake.Message, StringComparison.Ordinal);
    }
}
