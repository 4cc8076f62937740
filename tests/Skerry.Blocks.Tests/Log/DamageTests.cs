using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>Rot, failing syncs and full disks: a named error, and never a wrong byte.</summary>
public sealed class DamageTests
{
    private const long Size = 64 * 4096;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flipped_bit_anywhere_gives_an_error_or_the_right_bytes()
    {
        var (errorsAtOpen, errorsAtRead) = (0, 0);
        for (var seed = 1; seed <= 150; seed++)
        {
            var chance = new Random(seed);
            var (storage, expected) = await WrittenAsync(chance, close: seed % 2 == 0);
            var file = Pick(chance, storage.List().Where(name => name != "durable").ToArray());
            var bytes = storage.Bytes(file);
            var used = Array.FindLastIndex(bytes, b => b != 0) + 1;
            bytes[chance.Next(used)] ^= (byte)(1 << chance.Next(8));
            try
            {
                var store = Open(storage);
                var volume = await store.OpenAsync("disk", Ct);
                for (var block = 0; block < Size / 4096; block++)
                {
                    var read = new byte[4096];
                    try
                    {
                        await volume.ReadAsync(block * 4096, read, Ct);
                        Assert.True(read.AsSpan().SequenceEqual(expected.AsSpan(block * 4096, 4096)), $"seed {seed}, {file}: block {block} is wrong");
                    }
                    catch (BlockException e)
                    {
                        Assert.Equal(BlockError.Corrupt, e.Error);
                        Assert.Contains($"bytes {block * 4096} to", e.Message, StringComparison.Ordinal);
                        errorsAtRead++;
                    }
                }

                await store.DisposeAsync();
            }
            catch (BlockException e)
            {
                Assert.True(e.Error is BlockError.Corrupt or BlockError.Refused, $"seed {seed}, {file}: {e.Message}");
                Assert.Contains("memory", e.Message, StringComparison.Ordinal);
                errorsAtOpen++;
            }
        }

        Assert.True(errorsAtOpen > 5 && errorsAtRead > 5, $"{errorsAtOpen} errors at opening, {errorsAtRead} at reading");
    }

    [Fact]
    public async Task Rot_in_the_last_flushed_record_is_an_error_and_is_not_cut()
    {
        var (storage, _) = await WrittenAsync(new Random(1), close: false);
        var segment = storage.List().Order(StringComparer.Ordinal).Last(name => name.EndsWith(Segment.Extension, StringComparison.Ordinal));
        var bytes = storage.Bytes(segment);
        var header = 0;
        for (var at = 0; at < bytes.Length; at += 4096)
        {
            header = BitConverter.ToUInt32(bytes, at) == 0x524B_5953 ? at : header;
        }

        bytes[header + 50] ^= 1;
        var fault = Assert.Throws<BlockException>(() => Open(storage));
        Assert.Equal(BlockError.Corrupt, fault.Error);
        Assert.Contains($"{segment}, byte {header}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_failed_sync_nothing_later_is_acknowledged_as_durable()
    {
        var storage = new FaultyStorage();
        var store = Open(storage);
        var volume = await store.CreateAsync("disk", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        await volume.WriteAsync(0, new byte[] { 1 }, WriteOptions.None, Ct);
        storage.SyncsFail = true;
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await volume.FlushAsync(Ct))).Error);
        storage.SyncsFail = false;
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await volume.FlushAsync(Ct))).Error);
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await volume.WriteAsync(0, new byte[] { 2 }, WriteOptions.None, Ct))).Error);
        Assert.Equal(BlockError.Io, (await Assert.ThrowsAsync<BlockException>(async () => await volume.SetPropertyAsync("a", new byte[1], Ct))).Error);
        var read = new byte[1];
        await volume.ReadAsync(0, read, Ct);
        Assert.Equal(1, read[0]);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_full_store_refuses_writes_but_not_deletes_and_recovers_when_space_returns()
    {
        var storage = new FaultyStorage();
        var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20, CapacityBytes = 3 << 20 }, storage, background: false);
        var volume = await store.CreateAsync("disk", 64 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var data = new byte[64 << 10];
        var written = 0L;
        var fault = await Assert.ThrowsAsync<BlockException>(async () =>
        {
            while (true)
            {
                new Random((int)written).NextBytes(data);
                await volume.WriteAsync(written, data, WriteOptions.None, Ct);
                written += data.Length;
            }
        });
        Assert.Equal(BlockError.NoSpace, fault.Error);
        Assert.InRange(written, 1 << 20, 3 << 20);
        for (var offset = 0L; offset < written; offset += data.Length)
        {
            var expected = new byte[data.Length];
            new Random((int)offset).NextBytes(expected);
            await volume.ReadAsync(offset, data, Ct);
            Assert.Equal(expected, data);
        }

        await volume.SetPropertyAsync("still", new byte[] { 1 }, Ct);
        await store.CreateAsync("other", 4096, Ct);
        await store.DeleteAsync("disk", Ct);
        var other = await store.OpenAsync("other", Ct);
        await other.BeginRunAsync(1, Ct);
        await other.WriteAsync(0, data.AsMemory(0, 4096), WriteOptions.ForceUnitAccess, Ct);
        for (var i = 0; i < 1000; i++)
        {
            // Sixteen times the room, but all on one block: what is overwritten comes back without being asked for.
            await other.WriteAsync(0, data.AsMemory(i, 4096), WriteOptions.None, Ct);
        }

        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_format_that_is_too_new_is_refused_and_not_cut()
    {
        var storage = new FaultyStorage();
        await Open(storage).DisposeAsync();
        var bytes = storage.Bytes("store");
        bytes[4] = 9;
        BitConverter.TryWriteBytes(bytes.AsSpan(20), Crc32C.Of(bytes.AsSpan(0, 20)));
        var fault = Assert.Throws<BlockException>(() => Open(storage));
        Assert.Equal(BlockError.Refused, fault.Error);
    }

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);

    private static async Task<(FaultyStorage Storage, byte[] Expected)> WrittenAsync(Random chance, bool close)
    {
        var storage = new FaultyStorage();
        var store = Open(storage);
        var volume = await store.CreateAsync("disk", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var expected = new byte[Size];
        for (var i = 0; i < 30; i++)
        {
            var data = new byte[chance.Next(1, 30_000)];
            chance.NextBytes(data);
            var offset = chance.NextInt64(0, Size - data.Length);
            await volume.WriteAsync(offset, data, WriteOptions.None, Ct);
            data.CopyTo(expected, offset);
        }

        await volume.FlushAsync(Ct);
        var killed = storage.Kill();
        await store.DisposeAsync();
        return (close ? storage.Kill() : killed, expected);
    }

    private static T Pick<T>(Random chance, IReadOnlyList<T> among) => among[chance.Next(among.Count)];
}
