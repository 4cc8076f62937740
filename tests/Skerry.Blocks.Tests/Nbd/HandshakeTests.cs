using System.Buffers.Binary;
using System.Text;

namespace Skerry.Blocks.Tests.Nbd;

public sealed class HandshakeTests
{
    private const uint ExportName = 1, Abort = 2, List = 3, StartTls = 5, Info = 6, Go = 7, Structured = 8, ListContexts = 9, SetContexts = 10;

    [Fact]
    public async Task Info_tells_size_flags_block_sizes_name_and_description_and_then_go_enters()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);

        List<(uint Kind, byte[] Data)> replies = client.Option(Info, RawClient.Info("disk", 1, 2, 3));

        Assert.Equal([3u, 3u, 3u, 3u, 1u], replies.Select(r => r.Kind));
        Dictionary<ushort, byte[]> info = replies[..4].ToDictionary(r => BinaryPrimitives.ReadUInt16BigEndian(r.Data), r => r.Data[2..]);
        Assert.Equal(1 << 20, BinaryPrimitives.ReadInt64BigEndian(info[0]));
        // Flags, flush, FUA, trim, write zeroes, multi-conn, cache, fast zero; no DF before structured replies.
        Assert.Equal(0b1101_0110_1101, BinaryPrimitives.ReadUInt16BigEndian(info[0].AsSpan(8)));
        Assert.Equal("disk", Encoding.UTF8.GetString(info[1]));
        Assert.Equal("a disk for tests", Encoding.UTF8.GetString(info[2]));
        Assert.Equal([.. RawClient.Big(1u), .. RawClient.Big(4096u), .. RawClient.Big(32u << 20)], info[3]);

        Assert.Equal([3u, 1u], client.Option(Go, RawClient.Info("disk")).Select(r => r.Kind));
        Assert.Equal(0u, client.Do(RawClient.Flush, 0, 0).Error);
        Assert.Equal(1, served.Opened);
    }

    [Theory]
    [InlineData(3u, 10)]
    [InlineData(1u, 134)]
    public async Task The_oldest_option_enters_with_or_without_zeroes(uint clientFlags, int answerBytes)
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint, clientFlags);

        client.Send([.. "IHAVEOPT"u8, .. RawClient.Big(ExportName), .. RawClient.Big(4u), .. "disk"u8]);
        byte[] answer = client.Receive(answerBytes);

        Assert.Equal(1 << 20, BinaryPrimitives.ReadInt64BigEndian(answer));
        Assert.True(answer[10..].All(b => b == 0));
        Assert.Equal(4096, client.Do(RawClient.Read, 0, 4096).Content(0, 4096).Length);
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_a_reason_and_the_client_may_try_another()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);

        foreach (uint option in new[] { Info, Go })
        {
            (uint kind, byte[] message) = Assert.Single(client.Option(option, RawClient.Info("other")));
            Assert.Equal(RawClient.ErrUnknown, kind);
            Assert.Contains("No such export", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
        }

        Assert.Equal([3u, 1u], client.Option(Go, RawClient.Info("disk")).Select(r => r.Kind));
    }

    [Fact]
    public async Task An_unknown_name_by_the_oldest_option_closes_the_connection()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);

        client.Send([.. "IHAVEOPT"u8, .. RawClient.Big(ExportName), .. RawClient.Big(5u), .. "other"u8]);

        Assert.True(client.IsClosedByServer());
    }

    [Fact]
    public async Task A_list_is_empty_unless_allowed()
    {
        await using Served secret = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(secret.Server.LocalEndPoint);
        Assert.Equal(RawClient.RepAck, Assert.Single(client.Option(List, [])).Kind);
        Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(List, [1])).Kind);

        await using Served open = await Served.Start(new MemoryDevice(1 << 20), isListed: true);
        using RawClient other = RawClient.Greet(open.Server.LocalEndPoint);
        List<(uint Kind, byte[] Data)> replies = other.Option(List, []);
        Assert.Equal([RawClient.RepServer, RawClient.RepAck], replies.Select(r => r.Kind));
        Assert.Equal([.. RawClient.Text("disk"), .. "a disk for tests"u8], replies[0].Data);
    }

    [Fact]
    public async Task Tls_and_unknown_options_are_refused_and_haggling_goes_on()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);

        Assert.Equal(RawClient.ErrUnsup, Assert.Single(client.Option(StartTls, [])).Kind);
        Assert.Equal(RawClient.ErrUnsup, Assert.Single(client.Option(11, [])).Kind);
        Assert.Equal(RawClient.ErrUnsup, Assert.Single(client.Option(4711, new byte[5000])).Kind);
        Assert.Equal(RawClient.RepAck, client.Option(Go, RawClient.Info("disk"))[^1].Kind);
    }

    [Fact]
    public async Task Contexts_need_structured_replies_and_match_by_name_and_wildcard()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        byte[] allocation = [.. RawClient.Big(0u), .. "base:allocation"u8];

        Assert.Equal(RawClient.ErrInvalid, client.Option(SetContexts, RawClient.Contexts("disk", "base:allocation"))[^1].Kind);
        Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(Structured, [0])).Kind);
        Assert.Equal(RawClient.RepAck, Assert.Single(client.Option(Structured, [])).Kind);

        Assert.Equal(allocation, client.Option(ListContexts, RawClient.Contexts("disk"))[0].Data);
        Assert.Equal(allocation, client.Option(ListContexts, RawClient.Contexts("disk", "base:"))[0].Data);
        Assert.Equal(RawClient.RepAck, Assert.Single(client.Option(SetContexts, RawClient.Contexts("disk", "base:", "x-other:thing", "base:future"))).Kind);
        Assert.Equal(RawClient.ErrUnknown, Assert.Single(client.Option(SetContexts, RawClient.Contexts("other", "base:allocation"))).Kind);
        Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(SetContexts, [.. RawClient.Contexts("disk", "base:allocation"), 1])).Kind);
        Assert.Equal([RawClient.RepMeta, RawClient.RepAck], client.Option(SetContexts, RawClient.Contexts("disk", "base:allocation")).Select(r => r.Kind));
    }

    [Fact]
    public async Task A_failed_selection_of_contexts_leaves_none_selected()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Structured, []);
        client.Option(SetContexts, RawClient.Contexts("disk", "base:allocation"));
        client.Option(SetContexts, [1, 2, 3]);
        client.Option(Go, RawClient.Info("disk"));

        RawReply reply = client.Do(RawClient.BlockStatus, 0, 4096);

        Assert.Equal(22u, reply.Error);
        Assert.Contains("base:allocation", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Abort_is_acknowledged_and_ends_the_session_and_its_lease()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        client.Option(Info, RawClient.Info("disk"));
        Assert.Equal(1, served.Leases);

        Assert.Equal(RawClient.RepAck, Assert.Single(client.Option(Abort, [])).Kind);

        Assert.True(client.IsClosedByServer());
        await served.Eventually(() => served.Leases == 0 && served.Server.Connections.Count == 0, "the lease is released");
    }

    [Fact]
    public async Task Malformed_handshakes_close_the_connection()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        byte[][] bad =
        [
            [.. "IHAVEOPX"u8, .. RawClient.Big(Go), .. RawClient.Big(0u)],
            [.. "IHAVEOPT"u8, .. RawClient.Big(Go), .. RawClient.Big(uint.MaxValue)],
        ];
        foreach (byte[] bytes in bad)
        {
            using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
            client.Send(bytes);
            Assert.True(client.IsClosedByServer());
        }

        using RawClient odd = RawClient.Greet(served.Server.LocalEndPoint, clientFlags: 0xFF);
        Assert.True(odd.IsClosedByServer());
        Assert.Empty(served.Faults);
    }

    [Fact]
    public async Task Malformed_option_data_is_refused_and_haggling_goes_on()
    {
        await using Served served = await Served.Start(new MemoryDevice(1 << 20));
        using RawClient client = RawClient.Greet(served.Server.LocalEndPoint);
        byte[][] bad =
        [
            [],
            [0, 0, 0],
            [.. RawClient.Big(400u), .. "disk"u8, 0, 0],
            [.. RawClient.Big(uint.MaxValue), .. "disk"u8, 0, 0],
            [.. RawClient.Text("disk"), 0, 2, 0, 1],
            [.. RawClient.Text("disk"), 0, 0, 0],
            [.. RawClient.Big(1u), 0xFF, 0, 0],
        ];
        foreach (byte[] data in bad)
        {
            Assert.Equal(RawClient.ErrInvalid, Assert.Single(client.Option(Go, data)).Kind);
        }

        Assert.Equal(RawClient.RepAck, client.Option(Go, RawClient.Info("disk"))[^1].Kind);
    }

    [Fact]
    public async Task A_client_that_does_not_finish_its_handshake_is_closed()
    {
        await using Served served = await Served.Start(
            new MemoryDevice(1 << 20), o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, HandshakeTimeout = TimeSpan.FromMilliseconds(200) });
        using RawClient silent = RawClient.Dial(served.Server.LocalEndPoint);
        silent.Receive(18);
        Assert.True(silent.IsClosedByServer());

        using RawClient entered = served.Connect();
        await Task.Delay(400);
        Assert.Equal(0u, entered.Do(RawClient.Flush, 0, 0).Error);
    }
}
