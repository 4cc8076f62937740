using Skerry.Blocks.Tests.Log;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Nbd;

/// <summary>Writes that came together are carried out together, and none is ever left behind.</summary>
public sealed class BatchingTests
{
    private const int Mebi = 1 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_that_arrive_together_are_carried_out_together()
    {
        HoldingDevice device = new(new MemoryDevice(Mebi));
        await using Served served = await Served.Start(device);
        using RawClient client = served.Connect();
        client.AskTogether([.. Enumerable.Range(0, 20).Select(i => (RawClient.Write, (ulong)i, (ulong)i * 4096, new byte[4096]))]);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (ulong)i), Enumerable.Range(0, 20).Select(_ => client.Next().Cookie).Order());
        Assert.InRange(device.Rounds, 1, 5);
    }

    [Fact]
    public async Task No_write_is_left_behind_by_a_bound_a_large_payload_half_a_request_or_a_client_that_goes()
    {
        HoldingDevice device = new(new MemoryDevice(8 * Mebi));
        await using Served served = await Served.Start(
            device, o => new() { EndPoint = o.EndPoint, OnFault = o.OnFault, MaxRequestsInFlight = 4, MaxBytesInFlight = 3 * Mebi });
        using RawClient client = served.Connect();

        // More than may be in flight, then a payload that does not fit a shared buffer.
        client.AskTogether([.. Enumerable.Range(0, 11).Select(i => (RawClient.Write, (ulong)i, (ulong)i * 4096, new byte[4096])),
            (RawClient.Write, 11ul, 0ul, new byte[2 * Mebi])]);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (ulong)i), Enumerable.Range(0, 12).Select(_ => client.Next().Cookie).Order());

        // A whole request with half of another behind it.
        client.AskTogether([(RawClient.Write, 20ul, 0ul, new byte[512]), (RawClient.Write, 21ul, 0ul, new byte[512])], cutBytes: 100);
        Assert.Equal(20ul, client.Next().Cookie);

        // The client goes with that half request; the lease ends only with nothing in flight.
        client.Dispose();
        await served.Eventually(() => served.Leases == 0, "the lease is released");
        Assert.Equal(0, device.Held);
    }

    [Fact]
    public async Task A_volume_holds_writes_back_until_anyone_has_them_carried_out_in_order()
    {
        using TemporaryDirectory directory = new();
        await using BlockStore store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path }, Ct);
        BlockVolume volume = await store.CreateAsync("disk", Mebi, Ct);
        await volume.BeginRunAsync(1, Ct);
        Task[] held =
        [
            .. Enumerable.Range(1, 3).Select(i => volume.WriteAsync(0, Filled(i), WriteOptions.MoreFollows, Ct).AsTask()),
            volume.WriteAsync(100, Filled(9).AsMemory(0, 10), WriteOptions.MoreFollows, Ct).AsTask(),
            volume.WriteZeroesAsync(4096, 4096, WriteOptions.MoreFollows | WriteOptions.KeepAllocated, Ct).AsTask(),
        ];
        Assert.All(held, task => Assert.False(task.IsCompleted));

        // One that does not wait carries out those before it.
        await volume.WriteAsync(8192, Filled(4), WriteOptions.None, Ct);
        await Task.WhenAll(held);
        byte[] read = new byte[8192];
        await volume.ReadAsync(0, read, Ct);
        Assert.Equal([.. Enumerable.Repeat((byte)3, 100), .. Enumerable.Repeat((byte)9, 10), .. Enumerable.Repeat((byte)3, 3986), .. new byte[4096]], read);

        ValueTask durable = volume.WriteAsync(0, Filled(5), WriteOptions.MoreFollows | WriteOptions.ForceUnitAccess, Ct);
        volume.CarryOut(mayWait: false);
        await durable;
        Assert.Equal(volume.Lineage.LastNumber, volume.DurableNumber);
    }

    [Fact]
    public async Task A_flush_that_waits_is_served_by_whoever_carries_out_and_fails_for_good_with_the_disk()
    {
        FaultyStorage storage = new();
        await using BlockStore store = BlockStore.Open(new BlockStoreOptions { Directory = "memory" }, storage, background: false);
        BlockVolume volume = await store.CreateAsync("disk", Mebi, Ct);
        await volume.BeginRunAsync(1, Ct);
        await volume.WriteAsync(0, Filled(1), WriteOptions.None, Ct);
        ValueTask flush = volume.BeginFlush(Ct);
        Assert.False(flush.IsCompleted);
        volume.CarryOut(mayWait: true);
        Assert.True(flush.IsCompletedSuccessfully);
        await flush;
        Assert.Equal(volume.Lineage.LastNumber, volume.DurableNumber);

        // Not waited for here: the flusher's own thread serves it.
        await volume.WriteAsync(0, Filled(2), WriteOptions.None, Ct);
        flush = volume.BeginFlush(Ct);
        volume.CarryOut(mayWait: false);
        await flush;
        Assert.Equal(volume.Lineage.LastNumber, volume.DurableNumber);

        long durable = volume.DurableNumber;
        storage.SyncsFail = true;
        ValueTask write = volume.WriteAsync(0, Filled(3), WriteOptions.ForceUnitAccess | WriteOptions.MoreFollows, Ct);
        volume.CarryOut(mayWait: true);
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await write)).Error);
        storage.SyncsFail = false;
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await volume.FlushAsync(Ct))).Error);
        Assert.Equal(durable, volume.DurableNumber);
    }

    private static byte[] Filled(int value) => [.. Enumerable.Repeat((byte)value, 4096)];

    /// <summary>Carries a write out when told to, and not before.</summary>
    private sealed class HoldingDevice(MemoryDevice inner) : IBatchingDevice
    {
        private readonly Lock _gate = new();
        private readonly List<(TaskCompletionSource Done, Func<ValueTask> Run)> _held = [];

        public int Rounds { get; private set; }

        public int Held
        {
            get
            {
                lock (_gate)
                {
                    return _held.Count;
                }
            }
        }

        public long SizeBytes => inner.SizeBytes;

        public bool IsReadOnly => false;

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
            inner.ReadAsync(offsetBytes, buffer, cancellationToken);

        public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken)
        {
            Assert.True(options.HasFlag(WriteOptions.MoreFollows));
            TaskCompletionSource done = new();
            lock (_gate)
            {
                _held.Add((done, () => inner.WriteAsync(offsetBytes, data, options, cancellationToken)));
            }

            return new(done.Task);
        }

        public void CarryOut(bool mayWait)
        {
            List<(TaskCompletionSource Done, Func<ValueTask> Run)> round;
            lock (_gate)
            {
                Rounds++;
                round = [.. _held];
                _held.Clear();
            }

            foreach ((TaskCompletionSource done, Func<ValueTask> run) in round)
            {
                Assert.True(run().IsCompletedSuccessfully);
                done.SetResult();
            }
        }

        public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
            inner.WriteZeroesAsync(offsetBytes, lengthBytes, options, cancellationToken);

        public ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
            inner.TrimAsync(offsetBytes, lengthBytes, options, cancellationToken);

        public ValueTask BeginFlush(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public ValueTask FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit) => inner.Extents(offsetBytes, lengthBytes, limit);
    }
}
