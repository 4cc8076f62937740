namespace Skerry.Blocks.Tests.Nbd;

public sealed class TransmissionTests
{
    private const int Mebi = 1 << 20;

    public static TheoryData<bool, int> Replies => new() { { true, 1 }, { true, 4096 }, { true, 65_000 }, { true, 300_001 }, { false, 1 }, { false, 4096 }, { false, 65_000 }, { false, 300_001 } };

    [Theory]
    [MemberData(nameof(Replies))]
    public async Task What_is_written_is_read_back(bool structured, int lengthBytes)
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect(structured, structured);
        byte[] data = Bytes(lengthBytes, seed: lengthBytes);

        Assert.Equal(0u, client.Do(RawClient.Write, 777, (uint)lengthBytes, payload: data).Error);

        Assert.Equal(data, device.Content(777, lengthBytes));
        RawReply reply = client.Do(RawClient.Read, 777, (uint)lengthBytes);
        Assert.Equal(structured, !reply.IsSimple);
        Assert.Equal(data, reply.Content(777, lengthBytes));
    }

    [Fact]
    public async Task A_request_of_32_MiB_is_served_and_one_byte_more_is_refused_without_losing_the_stream()
    {
        const uint Largest = 32u << 20;
        MemoryDevice device = new(40 << 20);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        byte[] data = Bytes((int)Largest, seed: 1);

        Assert.Equal(0u, client.Do(RawClient.Write, 512, Largest, payload: data).Error);
        Assert.Equal(data, client.Do(RawClient.Read, 512, Largest).Content(512, (int)Largest));

        RawReply write = client.Do(RawClient.Write, 0, Largest + 1, payload: new byte[Largest + 1]);
        Assert.Equal(22u, write.Error);
        Assert.Contains("32 MiB", write.Message, StringComparison.Ordinal);
        Assert.Equal(75u, client.Do(RawClient.Read, 0, Largest + 1).Error);
        using RawClient simple = served.Connect(structured: false);
        Assert.Equal(22u, simple.Do(RawClient.Read, 0, Largest + 1).Error);
        Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
        Assert.DoesNotContain(device.Calls, call => call.LengthBytes > Largest);
    }

    [Fact]
    public async Task Holes_are_sent_as_holes_unless_fragments_are_forbidden()
    {
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        byte[] data = Bytes(4096, seed: 2);
        client.Do(RawClient.Write, Mebi, 4096, payload: data);

        RawReply whole = client.Do(RawClient.Read, 0, 4 * Mebi);
        Assert.Equal([2, 1, 2], whole.Chunks.Select(c => (int)c.Kind));
        Assert.Equal(device.Content(0, 4 * Mebi), whole.Content(0, 4 * Mebi));

        RawReply unfragmented = client.Do(RawClient.Read, 0, 4 * Mebi, RawClient.DontFragment);
        Assert.Equal(1, Assert.Single(unfragmented.Chunks).Kind);
        Assert.Equal(device.Content(0, 4 * Mebi), unfragmented.Content(0, 4 * Mebi));

        Assert.Equal(2, Assert.Single(client.Do(RawClient.Read, 2 * Mebi, Mebi, RawClient.DontFragment).Chunks).Kind);
    }

    [Fact]
    public async Task Chunks_cover_any_range_over_any_pattern_of_holes()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        for (int round = 0; round < 200; round++)
        {
            int offset = random.Next(4 * Mebi - 1);
            int length = random.Next(1, Math.Min(4 * Mebi - offset, 600_000) + 1);
            ushort command = (ushort)random.Next(4) switch { 0 => RawClient.Trim, 1 => RawClient.WriteZeroes, _ => RawClient.Write };
            int writeLength = Math.Min(length, 50_000);
            Assert.Equal(0u, client.Do(command, (ulong)offset, (uint)(command == RawClient.Write ? writeLength : length), payload: command == RawClient.Write ? Bytes(writeLength, round) : null).Error);

            int from = random.Next(4 * Mebi - 1);
            int count = random.Next(1, 4 * Mebi - from + 1);
            Assert.Equal(device.Content(from, count), client.Do(RawClient.Read, (ulong)from, (uint)count).Content(from, count));
        }
    }

    [Fact]
    public async Task Block_status_tells_the_map_and_one_extent_when_one_is_asked_for()
    {
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        client.Do(RawClient.Write, Mebi, 8192, payload: new byte[8192]);

        Assert.Equal([(Mebi, 3u), (8192u, 0u), (3u * Mebi - 8192, 3u)], client.Do(RawClient.BlockStatus, 0, 4 * Mebi).Extents());
        Assert.Equal([(Mebi, 3u)], client.Do(RawClient.BlockStatus, 0, 4 * Mebi, RawClient.ReqOne).Extents());
        Assert.Equal([(100u, 0u)], client.Do(RawClient.BlockStatus, Mebi + 1, 100, RawClient.ReqOne).Extents());
        Assert.Equal(22u, client.Do(RawClient.BlockStatus, 0, 0).Error);
        Assert.Equal(22u, client.Do(RawClient.BlockStatus, 4 * Mebi, 1).Error);
    }

    [Fact]
    public async Task Flush_and_fua_reach_the_device()
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();

        client.Do(RawClient.Write, 0, 512, RawClient.Fua, new byte[512]);
        client.Do(RawClient.Write, 512, 512, 0, new byte[512]);
        client.Do(RawClient.WriteZeroes, 4096, 4096, RawClient.Fua);
        client.Do(RawClient.WriteZeroes, 8192, 4096, RawClient.NoHole);
        client.Do(RawClient.WriteZeroes, 8192, 4096, RawClient.FastZero);
        client.Do(RawClient.Trim, 0, 8192, RawClient.Fua);
        client.Do(RawClient.Flush, 0, 0);
        client.Do(RawClient.Flush, 0, 0, RawClient.Fua);
        client.Do(RawClient.Cache, 0, 4096, RawClient.Fua);

        const WriteOptions Force = WriteOptions.ForceUnitAccess;
        Assert.Equal(
            [
                new("write", 0, 512, Force),
                new("write", 512, 512, 0),
                new("zero", 4096, 4096, Force),
                new("zero", 8192, 4096, WriteOptions.KeepAllocated),
                new("zero", 8192, 4096, 0),
                new("trim", 0, 8192, Force),
                new("flush", 0, 0, 0),
                new("flush", 0, 0, 0),
            ],
            device.Calls);
    }

    [Fact]
    public async Task Requests_that_the_protocol_forbids_are_refused_with_its_error_and_never_reach_the_device()
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();

        Assert.Equal(28u, client.Do(RawClient.Write, Mebi - 1, 2, payload: [1, 2]).Error);
        Assert.Equal(28u, client.Do(RawClient.Write, ulong.MaxValue, 2, payload: [1, 2]).Error);
        Assert.Equal(28u, client.Do(RawClient.WriteZeroes, 0, Mebi + 1).Error);
        Assert.Equal(22u, client.Do(RawClient.Read, Mebi, 1).Error);
        Assert.Equal(22u, client.Do(RawClient.Read, ulong.MaxValue - 3, 4).Error);
        Assert.Equal(22u, client.Do(RawClient.Trim, 0, Mebi + 1).Error);
        Assert.Equal(22u, client.Do(RawClient.Cache, 0, Mebi + 1).Error);
        Assert.Equal(22u, client.Do(RawClient.Flush, 1, 0).Error);
        Assert.Equal(22u, client.Do(99, 0, 0).Error);
        Assert.Equal(22u, client.Do(RawClient.Read, 0, 512, RawClient.NoHole).Error);
        Assert.Equal(22u, client.Do(RawClient.Write, 0, 2, RawClient.FastZero, [1, 2]).Error);
        Assert.Equal(22u, client.Do(RawClient.Cache, 0, 512, 1 << 15).Error);
        Assert.Equal(95u, client.Do(RawClient.WriteZeroes, 0, 512, RawClient.FastZero | RawClient.NoHole).Error);
        Assert.Empty(device.Calls);

        using RawClient simple = served.Connect(structured: false);
        Assert.Equal(22u, simple.Do(RawClient.Read, 0, 512, RawClient.DontFragment).Error);
        Assert.Equal(22u, simple.Do(RawClient.BlockStatus, 0, 512).Error);
        Assert.Equal(512, simple.Do(RawClient.Read, 0, 512).Content(0, 512).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Empty_requests_succeed(bool structured)
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect(structured, structured);

        foreach (ushort command in new[] { RawClient.Read, RawClient.Write, RawClient.Trim, RawClient.WriteZeroes, RawClient.Cache })
        {
            Assert.Equal(0u, client.Do(command, Mebi, 0).Error);
        }

        Assert.Empty(device.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_only_export_says_so_and_refuses_writes(bool byDevice)
    {
        MemoryDevice device = new(Mebi) { IsReadOnly = byDevice };
        await using Served served = await Served.Start(device, readOnly: !byDevice);
        using RawClient client = served.Connect();

        Assert.Equal(2, client.Flags & 2);
        Assert.Equal(0, client.Flags & (32 | 64 | 2048));
        Assert.Equal(1u, client.Do(RawClient.Write, 0, 512, payload: new byte[512]).Error);
        Assert.Equal(1u, client.Do(RawClient.Trim, 0, 4096).Error);
        Assert.Equal(1u, client.Do(RawClient.WriteZeroes, 0, 4096).Error);
        Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
        Assert.Equal(512, client.Do(RawClient.Read, 0, 512).Content(0, 512).Length);
        Assert.Equal(["read"], device.Calls.Select(call => call.Kind));
    }

    [Fact]
    public async Task A_device_that_turns_read_only_refuses_writes_from_then_on()
    {
        MemoryDevice device = new(Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        Assert.Equal(0u, client.Do(RawClient.Write, 0, 512, payload: new byte[512]).Error);

        device.IsReadOnly = true;

        Assert.Equal(1u, client.Do(RawClient.Write, 0, 512, payload: new byte[512]).Error);
    }

    [Theory]
    [InlineData(BlockError.OutOfRange, 22u)]
    [InlineData(BlockError.ReadOnly, 1u)]
    [InlineData(BlockError.NoSpace, 28u)]
    [InlineData(BlockError.Corrupt, 5u)]
    [InlineData(BlockError.Io, 5u)]
    [InlineData(BlockError.Closed, 108u)]
    public async Task Faults_of_the_device_become_errors_of_the_protocol_and_the_connection_goes_on(BlockError fault, uint expected)
    {
        bool fails = true;
        MemoryDevice device = new(Mebi)
        {
            Before = (_, _) => fails ? throw new BlockException(fault, "secret: /var/lib/skerry/segment-7") : default,
        };
        await using Served served = await Served.Start(device);
        foreach (bool structured in new[] { true, false })
        {
            using RawClient client = served.Connect(structured, structured);
            foreach (ushort command in new[] { RawClient.Read, RawClient.Write, RawClient.Flush, RawClient.Trim, RawClient.WriteZeroes })
            {
                fails = true;
                uint length = command == RawClient.Flush ? 0u : 4096u;
                byte[]? payload = command == RawClient.Write ? new byte[length] : null;
                RawReply failed = client.Do(command, 0, length, payload: payload);
                Assert.Equal(expected, failed.Error);
                Assert.DoesNotContain("secret", failed.Message, StringComparison.Ordinal);
                fails = false;
                Assert.Equal(0u, client.Do(command, 0, length, payload: payload).Error);
            }
        }

        Assert.Equal(fault is BlockError.NoSpace or BlockError.Corrupt or BlockError.Io, !served.Faults.IsEmpty);
    }

    [Fact]
    public async Task A_large_read_that_fails_part_way_is_an_error_and_nothing_else()
    {
        MemoryDevice device = new(4 * Mebi);
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        client.Do(RawClient.Write, 0, 4096, payload: Bytes(4096, 1));
        client.Do(RawClient.Write, 2 * Mebi, 4096, payload: Bytes(4096, 2));
        device.Before = (call, _) => call.OffsetBytes >= Mebi ? throw new BlockException(BlockError.Corrupt, "bad block") : default;

        RawReply reply = client.Do(RawClient.Read, 0, 4 * Mebi);

        Assert.Equal(5u, reply.Error);
        Assert.Empty(reply.Chunks);
    }

    internal static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
