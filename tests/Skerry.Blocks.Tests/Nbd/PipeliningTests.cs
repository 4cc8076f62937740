using Skerry.Blocks.Nbd;

namespace Skerry.Blocks.Tests.Nbd;

public sealed class PipeliningTests
{
    private const int Mebi = 1 << 20;

    [Fact]
    public async Task A_slow_request_does_not_hold_up_those_after_it()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(Mebi) { Before = (call, _) => call.OffsetBytes == 0 && call.Kind == "read" ? new(release.Task) : default };
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();

        client.Ask(RawClient.Read, 1, 0, 4096);
        client.Ask(RawClient.Read, 2, 4096, 4096);
        client.Ask(RawClient.Write, 3, 8192, 4096, payload: new byte[4096]);

        Assert.Equal([2ul, 3ul], new[] { client.Next().Cookie, client.Next().Cookie }.Order());
        release.SetResult();
        Assert.Equal(1ul, client.Next().Cookie);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_request_of_a_deep_queue_is_answered_once_with_its_own_data(bool isDelayed)
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        MemoryDevice device = new(8 * Mebi);
        if (isDelayed)
        {
            device.Before = async (call, _) =>
            {
                if ((call.OffsetBytes >> 12) % 3 != 0)
                {
                    await Task.Delay((int)((call.OffsetBytes >> 12) % 4));
                }
            };
        }

        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        Random random = new(seed);

        // Each slot belongs to one request at a time, so that what it must read is known.
        const int Slots = 100, SlotBytes = 80_000, Requests = 3000;
        byte[][] expected = [.. Enumerable.Range(0, Slots).Select(_ => new byte[SlotBytes])];
        Dictionary<ulong, (int Slot, int Length, bool IsRead)> outstanding = [];
        Queue<int> idle = new(Enumerable.Range(0, Slots));
        for (ulong cookie = 0, answered = 0; answered < Requests;)
        {
            while (cookie < Requests && idle.TryDequeue(out int slot))
            {
                int length = random.Next(3) switch { 0 => 4096, 1 => random.Next(1, 5000), _ => random.Next(1, SlotBytes) };
                bool isRead = random.Next(2) == 0;
                outstanding[cookie] = (slot, length, isRead);
                if (isRead)
                {
                    client.Ask(RawClient.Read, cookie, (ulong)(slot * SlotBytes), (uint)length);
                }
                else
                {
                    random.NextBytes(expected[slot].AsSpan(0, length));
                    client.Ask(RawClient.Write, cookie, (ulong)(slot * SlotBytes), (uint)length, payload: expected[slot][..length]);
                }

                cookie++;
            }

            // Take only some, so that the queue is of any depth.
            for (int take = random.Next(1, outstanding.Count + 1); take > 0; take--, answered++)
            {
                RawReply reply = client.Next();
                Assert.True(outstanding.Remove(reply.Cookie, out (int Slot, int Length, bool IsRead) asked), "answered twice, or never asked");
                Assert.Equal(0u, reply.Error);
                if (asked.IsRead)
                {
                    Assert.Equal(expected[asked.Slot][..asked.Length], reply.Content(asked.Slot * SlotBytes, asked.Length));
                }

                idle.Enqueue(asked.Slot);
            }
        }

        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Requests_in_flight_are_bounded_in_number_and_in_bytes()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryDevice device = new(64 * Mebi) { Before = (_, cancel) => new(release.Task.WaitAsync(cancel)) };
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxRequestsInFlight = 4, MaxBytesInFlight = 3 * Mebi });
        using RawClient client = served.Connect();
        for (ulong i = 0; i < 10; i++)
        {
            client.Ask(RawClient.Read, i, i * 4096, 4096);
        }

        await served.Eventually(() => device.Running == 4, "four requests run");
        using RawClient large = served.Connect(structured: false);
        for (ulong i = 0; i < 5; i++)
        {
            large.Ask(RawClient.Read, i, i * Mebi, Mebi);
        }

        await served.Eventually(() => device.Running == 7, "three more run");
        using RawClient huge = served.Connect(structured: false);
        huge.Ask(RawClient.Read, 0, 0, 32 * Mebi);
        huge.Ask(RawClient.Read, 1, 0, 512);
        await served.Eventually(() => device.Running == 8, "what is over the limit by itself runs alone");
        await Task.Delay(100);
        Assert.Equal(8, device.Running);

        release.SetResult();
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (ulong)i), Enumerable.Range(0, 10).Select(_ => client.Next().Cookie).Order());
        Assert.Equal(Enumerable.Range(0, 5).Select(i => (ulong)i), Enumerable.Range(0, 5).Select(_ => large.Next().Cookie).Order());
        Assert.Equal([0ul, 1ul], new[] { huge.Next().Cookie, huge.Next().Cookie }.Order());
    }

    [Fact]
    public async Task A_client_that_sends_without_reading_is_made_to_wait_and_then_served_in_full()
    {
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect(structured: false);
        const int Requests = 2000;
        Task asking = Task.Run(() =>
        {
            for (ulong i = 0; i < Requests; i++)
            {
                client.Ask(RawClient.Read, i, 0, 65_536);
            }
        });
        await Task.Delay(300);
        NbdConnectionInfo stuck = Assert.Single(served.Server.Connections);
        Assert.True(stuck.BytesOut < 100_000_000, $"{stuck.BytesOut} bytes were buffered for a client that reads none");

        for (int i = 0; i < Requests; i++)
        {
            byte[] header = client.Receive(16);
            Assert.Equal([0x67, 0x44, 0x66, 0x98, 0, 0, 0, 0], header[..8]);
            client.Receive(65_536);
        }

        await asking;
    }

    [Fact]
    public async Task Connections_share_one_device_and_a_flush_on_one_follows_the_writes_of_all()
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient one = served.Connect();
        using RawClient two = served.Connect();
        Assert.Equal(256, one.Flags & 256);

        Assert.Equal(0u, one.Do(RawClient.Write, 0, 3, payload: [1, 2, 3]).Error);
        Assert.Equal(0u, two.Do(RawClient.Flush, 0, 0).Error);

        Assert.Equal([1, 2, 3], two.Do(RawClient.Read, 0, 3).Content(0, 3));
        Assert.Equal(["write", "flush"], device.Calls.Select(c => c.Kind).Take(2));
    }
}
