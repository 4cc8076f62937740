using System.Buffers.Binary;
using System.Net.Sockets;
using Skerry.Blocks.Tests.Nbd;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests;

/// <summary>Counts of the whole process: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>
/// In the steady state reads, writes and flushes allocate nothing on any thread, so that no collection ever holds them up. What is done
/// now and then may allocate: a new segment, a checkpoint, a first write to a part of the map. The checksums of what was written are kept
/// in pages until they are stored: one for each 4 MiB of log.
/// </summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests : IDisposable
{
    private const int Depth = 16, Rounds = 300, Blocks = 1024;
    private const int ChecksumPageBytes = 4096 + 128, BlocksOfPage = 1023;
    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _data = new byte[4096];
    private readonly byte[] _large = new byte[1 << 20];
    private readonly ValueTask[] _pending = new ValueTask[Depth];

    public AllocationTests()
    {
        Ct = TestContext.Current.CancellationToken;
        new Random(1).NextBytes(_data);
        new Random(2).NextBytes(_large);
    }

    private static CancellationToken Ct { get; set; }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reads_writes_and_flushes_allocate_nothing()
    {
        await using var store = await OpenAsync();
        var volume = await FilledAsync(store);
        RequireNone("writes of 4 KiB one by one", 2, round => Await(volume.WriteAsync(BlockOf(round) * 4096L, _data, WriteOptions.None, Ct)));
        RequireNone("writes of 4 KiB in batches", Depth + 1, round =>
        {
            for (var i = 0; i < Depth; i++)
            {
                _pending[i] = volume.WriteAsync(BlockOf((round * Depth) + i) * 4096L, _data, WriteOptions.MoreFollows, Ct);
            }

            volume.CarryOut(mayWait: true);
            foreach (var write in _pending)
            {
                Await(write);
            }
        });
        RequireNone("writes of less than a block", 2, round => Await(volume.WriteAsync((BlockOf(round) * 4096L) + 512, _data.AsMemory(0, 1024), WriteOptions.None, Ct)));
        RequireNone("reads of 4 KiB", 0, round => Await(volume.ReadAsync(BlockOf(round) * 4096L, _data, Ct)));
        RequireNone("reads of 1 MiB", 0, round => Await(volume.ReadAsync((round & 3) << 20, _large, Ct)));
        RequireNone("a write and a flush", 2, round =>
        {
            Await(volume.WriteAsync(BlockOf(round) * 4096L, _data, WriteOptions.None, Ct));
            Await(volume.FlushAsync(Ct));
        });
        RequireNone("writes with forced unit access", 2, round => Await(volume.WriteAsync(BlockOf(round) * 4096L, _data, WriteOptions.ForceUnitAccess, Ct)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reads_writes_and_flushes_through_nbd_allocate_nothing(bool structured)
    {
        await using var store = await OpenAsync();
        var volume = await FilledAsync(store);
        await using var served = await Served.Start(volume);
        using var client = served.Connect(structured, allocation: structured);
        var requests = new byte[Depth * (28 + 4096)];
        var replies = new byte[Depth * (64 + 4096)];
        RequireNone("writes of 4 KiB, many under way", Depth * 2, round => Exchange(client.Socket, requests, replies, RawClient.Write, round, Depth, structured));
        RequireNone("writes of 4 KiB, one at a time", 2, round => Exchange(client.Socket, requests, replies, RawClient.Write, round, 1, structured));
        RequireNone("reads of 4 KiB, many under way", 0, round => Exchange(client.Socket, requests, replies, RawClient.Read, round, Depth, structured));
        RequireNone("reads of 4 KiB, one at a time", 0, round => Exchange(client.Socket, requests, replies, RawClient.Read, round, 1, structured));
        RequireNone("a write and a flush", 2, round =>
        {
            Exchange(client.Socket, requests, replies, RawClient.Write, round, 1, structured);
            Exchange(client.Socket, requests, replies, RawClient.Flush, round, 1, structured);
        });
        RequireNone("writes with forced unit access", 8, round => Exchange(client.Socket, requests, replies, RawClient.Write, round, 4, structured, RawClient.Fua));
    }

    /// <summary>Several windows, of which one must be clean: what is done now and then falls into others, and what is done each time into all.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="logBlocks">How many blocks of log each round takes at most.</param>
    /// <param name="operate">Does it once.</param>
    private static void RequireNone(string what, int logBlocks, Action<int> operate)
    {
        var allowed = logBlocks == 0 ? 0 : ((logBlocks * Rounds / BlocksOfPage) + 1) * ChecksumPageBytes;
        var least = long.MaxValue;
        for (var window = 0; window < 14 && least > allowed; window++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var round = 0; round < Rounds; round++)
            {
                operate(round);
            }

            // The first ones warm everything that is made once.
            least = window < 2 ? least : Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least <= allowed, $"{what}: {least} bytes allocated in {Rounds} rounds at best, of which checksums explain {allowed}");
    }

    private static void Await(ValueTask task)
    {
        var spin = default(SpinWait);
        while (!task.IsCompleted)
        {
            spin.SpinOnce();
        }

        task.GetAwaiter().GetResult();
    }

    private static int BlockOf(int round) => round * 397 % Blocks;

    /// <summary>Sends so many requests in one go and takes all their replies, with nothing but buffers that are there.</summary>
    private static void Exchange(Socket socket, byte[] requests, byte[] replies, ushort command, int round, int count, bool structured, ushort flags = 0)
    {
        const int header = 28;
        var (sent, expected) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var request = requests.AsSpan(sent);
            BinaryPrimitives.WriteUInt32BigEndian(request, 0x25609513);
            BinaryPrimitives.WriteUInt16BigEndian(request[4..], flags);
            BinaryPrimitives.WriteUInt16BigEndian(request[6..], command);
            BinaryPrimitives.WriteInt64BigEndian(request[8..], i);
            BinaryPrimitives.WriteInt64BigEndian(request[16..], command == RawClient.Flush ? 0 : BlockOf((round * count) + i) * 4096L);
            BinaryPrimitives.WriteInt32BigEndian(request[24..], command == RawClient.Flush ? 0 : 4096);
            if (command == RawClient.Write)
            {
                // Not zeroes, and not twice the same.
                request.Slice(header, 4096).Fill((byte)(round + i + 1));
                request[header] = 255;
            }

            sent += header + (command == RawClient.Write ? 4096 : 0);
            expected += command == RawClient.Read ? (structured ? 20 + 8 : 16) + 4096 : structured ? 20 : 16;
        }

        for (var at = 0; at < sent;)
        {
            at += socket.Send(requests.AsSpan(at, sent - at));
        }

        // A reply without data may be a simple one even when structured ones were agreed on.
        var least = command == RawClient.Read ? expected : 16 * count;
        var received = 0;
        while (received < least)
        {
            received += socket.Receive(replies.AsSpan(received, least - received));
        }

        var structuredReply = BinaryPrimitives.ReadUInt32BigEndian(replies) == 0x668e33ef;
        if (!structuredReply && BinaryPrimitives.ReadInt32BigEndian(replies.AsSpan(4)) is not 0 and var error)
        {
            throw new InvalidOperationException($"request {command} failed with error {error}");
        }

        if (structuredReply && command != RawClient.Read)
        {
            while (received < 20 * count)
            {
                received += socket.Receive(replies.AsSpan(received, (20 * count) - received));
            }
        }
    }

    private async Task<BlockVolume> FilledAsync(BlockStore store)
    {
        var volume = await store.CreateAsync("disk", 64 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        for (var block = 0; block < Blocks; block++)
        {
            _data[0]++;
            await volume.WriteAsync(block * 4096L, _data, WriteOptions.None, Ct);
        }

        return volume;
    }

    private async Task<BlockStore> OpenAsync() =>
        await BlockStore.OpenAsync(new BlockStoreOptions { Directory = _directory.Path, CheckpointBytes = 1L << 40 }, Ct);
}
