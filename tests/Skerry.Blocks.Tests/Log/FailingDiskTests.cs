namespace Skerry.Blocks.Tests.Log;

/// <summary>A disk that fails at a sync, loses its power, or is filled by others, while checkpoints, marks and the cleaner work beside writes.</summary>
public sealed class FailingDiskTests
{
    private const int SegmentBytes = 256 << 10, Blocks = 2048;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_sync_failed_while_the_cleaner_worked_nothing_is_acknowledged_and_nothing_acknowledged_is_lost()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            var chance = new Random(seed);
            var storage = new FaultyStorage();
            var store = Open(storage);
            var volume = await store.CreateAsync("disk", Blocks * 4096, Ct);
            await volume.BeginRunAsync(1, Ct);
            var written = new int[Blocks];
            for (var i = 0; i < 3 * Blocks; i++)
            {
                Assert.True(await TryWriteAsync(volume, written, chance));
            }

            await volume.FlushAsync(Ct);
            var durable = (int[])written.Clone();
            var cleaned = store.Traffic.CleanedBytes;
            for (var i = 0; i < chance.Next(1200); i++)
            {
                Assert.True(await TryWriteAsync(volume, written, chance));
            }

            storage.SyncsFail = true;
            var fault = await Assert.ThrowsAsync<BlockException>(async () => await volume.FlushAsync(Ct));
            Assert.Equal(BlockError.Io, fault.Error);
            storage.SyncsFail = false;
            fault = await Assert.ThrowsAsync<BlockException>(async () => await volume.FlushAsync(Ct));
            Assert.Equal(BlockError.Io, fault.Error);
            fault = await Assert.ThrowsAsync<BlockException>(async () => await volume.WriteAsync(0, new byte[4096], WriteOptions.None, Ct));
            Assert.Equal(BlockError.Io, fault.Error);
            Assert.True(cleaned > 0, "the cleaner had nothing to do");
            var image = storage.Crash(chance, Unsynced.Lost);
            await store.DisposeAsync();
            await using var again = Open(image);
            await RequireAsync(await again.OpenAsync("disk", Ct), durable, written);
        }
    }

    /// <summary>The cleaner once looked for something to clean over and over, since it had no maps to judge by, and the writer waited for ever.</summary>
    [Fact]
    public async Task On_a_disk_that_others_filled_before_the_first_maps_were_saved_a_write_fails_and_goes_through_when_there_is_room()
    {
        var storage = new FaultyStorage();
        await using var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 1 << 20, CheckpointBytes = 4 << 20 }, storage);
        var volume = await store.CreateAsync("disk", 64 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var taken = storage.TakeRoom(0);
        var content = new byte[256 << 10];
        content.AsSpan().Fill(7);
        var full = await Assert.ThrowsAsync<BlockException>(async () =>
        {
            for (var i = 0; i < 64; i++)
            {
                await volume.WriteAsync((long)i * content.Length, content, WriteOptions.None, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
            }
        });
        Assert.Equal(BlockError.NoSpace, full.Error);
        storage.GiveRoomBack(taken);
        await volume.WriteAsync(0, content, WriteOptions.None, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await volume.FlushAsync(Ct);
    }

    /// <summary>
    /// The cleaner gives files up by marks, which may be taken from maps in memory that no checkpoint holds yet. What the log took
    /// after such a mark was once given up with it, and a power cut showed it.
    /// </summary>
    [Fact]
    public async Task What_was_flushed_while_the_cleaner_worked_is_there_after_a_power_cut()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var chance = new Random(seed);
            var storage = new FaultyStorage();
            var store = Open(storage);
            var volume = await store.CreateAsync("disk", Blocks * 4096, Ct);
            await volume.BeginRunAsync(1, Ct);
            var written = new int[Blocks];
            for (var i = 0; i < 3 * Blocks; i++)
            {
                Assert.True(await TryWriteAsync(volume, written, chance), $"seed {seed}: no room");
            }

            await volume.FlushAsync(Ct);
            var durable = (int[])written.Clone();
            Assert.True(store.Traffic.CleanedBytes > 0, "the cleaner had nothing to do");
            for (var i = chance.Next(1200); i > 0; i--)
            {
                Assert.True(await TryWriteAsync(volume, written, chance), $"seed {seed}: no room");
            }

            var image = storage.Crash(chance, Unsynced.Lost);
            await store.DisposeAsync();
            await using var again = Open(image);
            await RequireAsync(await again.OpenAsync("disk", Ct), durable, written);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Writes_are_refused_while_others_fill_the_disk_and_go_on_by_themselves_when_it_has_room_again(int seed)
    {
        var chance = new Random(seed);
        var storage = new FaultyStorage { FreeBytes = 200L * SegmentBytes };
        var store = Open(storage);
        var volume = await store.CreateAsync("disk", Blocks * 4096, Ct);
        await volume.BeginRunAsync(1, Ct);
        var written = new int[Blocks];
        var refused = 0;
        for (var round = 0; round < 6; round++)
        {
            var taken = storage.TakeRoom(leftBytes: chance.Next(SegmentBytes));
            for (var i = 0; i < 1500; i++)
            {
                refused += await TryWriteAsync(volume, written, chance) ? 0 : 1;
            }

            await RequireAsync(volume, written);
            storage.GiveRoomBack(taken);
            var wait = 0;
            while (!await TryWriteAsync(volume, written, chance))
            {
                Assert.True(++wait < 200, $"seed {seed}, round {round}: still refused with {storage.FreeBytes} bytes free, {store.Space}");
                await Task.Delay(10, Ct);
            }

            for (var i = 0; i < 1500; i++)
            {
                Assert.True(await TryWriteAsync(volume, written, chance), $"seed {seed}, round {round}: refused with {storage.FreeBytes} bytes free, {store.Space}");
            }
        }

        Assert.True(refused > 0 && store.Traffic.CleanedBytes > 0, $"{refused} refused, {store.Traffic}");
        await volume.FlushAsync(Ct);
        var image = storage.Crash(chance, Unsynced.Lost);
        await store.DisposeAsync();
        await using var again = Open(image);
        await RequireAsync(await again.OpenAsync("disk", Ct), written);
    }

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = SegmentBytes, CheckpointBytes = 1 << 20, CapacityBytes = 60L * SegmentBytes }, storage);

    /// <summary>False when there was no room; any other failure is one.</summary>
    private static async Task<bool> TryWriteAsync(BlockVolume volume, int[] written, Random chance)
    {
        var block = chance.Next(Blocks);
        var data = new byte[4096];
        Stamp(data, block, written[block] + 1);
        try
        {
            await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
            written[block]++;
            return true;
        }
        catch (BlockException e) when (e.Error == BlockError.NoSpace)
        {
            return false;
        }
    }

    private static void Stamp(Span<byte> data, int block, int stamp)
    {
        data.Clear();
        if (stamp > 0)
        {
            var words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(data);
            words.Fill(stamp);
            words[0] = block + 1;
        }
    }

    /// <summary>Each block is as some write from the first to the second left it.</summary>
    private static async Task RequireAsync(BlockVolume volume, int[] from, int[]? to = null)
    {
        var (read, expected) = (new byte[4096], new byte[4096]);
        for (var block = 0; block < Blocks; block++)
        {
            await volume.ReadAsync(block * 4096L, read, Ct);
            var stamp = BitConverter.ToInt32(read, 4);
            Assert.InRange(stamp, from[block], (to ?? from)[block]);
            Stamp(expected, block, stamp);
            Assert.True(read.AsSpan().SequenceEqual(expected), $"block {block} is mixed");
        }
    }
}
