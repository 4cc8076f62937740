using Skerry.Blocks.Log;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Log;

/// <summary>Room that comes back, and room that runs out.</summary>
public sealed class CleanerTests : IDisposable
{
    private const int SegmentBytes = 1 << 20;
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_store_four_fifths_full_takes_overwrites_for_ever_and_amplifies_them_little()
    {
        const long size = 64 << 20, capacity = size * 10 / 8;
        await using var store = await OpenAsync(capacity);
        var volume = await store.CreateAsync("disk", size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var chance = new Random(1);
        var stamps = new int[size / 4096];
        var data = new byte[4096];
        for (var i = 0; i < stamps.Length * 5 / 2; i++)
        {
            var block = i < stamps.Length ? i : chance.Next(stamps.Length);
            Stamp(data, block, stamps[block] = i);
            var task = volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct);
            await task.AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
        }

        await RequireAsync(volume, stamps);
        Assert.InRange(store.Space.AllocatedBytes, size, capacity);

        // At depth 1 each block takes a header block as well: the log alone makes it 2.
        Assert.InRange(store.Traffic.WriteAmplification, 2, 8);
        Assert.True(store.Traffic.CleanedBytes > 0);
        await store.DisposeAsync();
        await using var again = await OpenAsync(capacity);
        await RequireAsync(await again.OpenAsync("disk", Ct), stamps);
    }

    [Fact]
    public async Task A_full_store_says_so_and_goes_on_by_itself_when_a_snapshot_is_deleted()
    {
        const long size = 16 << 20;
        await using var store = await OpenAsync(24 << 20);
        var volume = await store.CreateAsync("disk", size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var stamps = new int[size / 4096];
        var data = new byte[4096];
        await FillAsync();
        await volume.CreateSnapshotAsync("before", Ct);
        var fault = await Assert.ThrowsAsync<BlockException>(FillAsync);
        Assert.Equal(BlockError.NoSpace, fault.Error);
        Assert.Equal((StoreFullness.Full, 0L), (store.Space.Fullness, store.Space.FreeBytes));
        await RequireAsync(volume, stamps);
        await volume.SetPropertyAsync("still", new byte[] { 1 }, Ct);
        await volume.DeleteSnapshotAsync("before", Ct);
        for (var round = 0; round < 3; round++)
        {
            await FillAsync();
        }

        await RequireAsync(volume, stamps);

        // What died last is known once the cleaner has looked.
        for (var waits = 0; store.Space.Fullness == StoreFullness.Full; waits++)
        {
            Assert.True(waits < 400, $"{store.Space}");
            await Task.Delay(50, Ct);
        }

        async Task FillAsync()
        {
            for (var block = 0; block < stamps.Length; block++)
            {
                Stamp(data, block, stamps[block] + 1);
                await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
                stamps[block]++;
            }
        }
    }

    /// <summary>Who looks at the room after a delete sees it, though nobody writes any more.</summary>
    [Theory]
    [InlineData("volume")]
    [InlineData("snapshot")]
    [InlineData("trim")]
    public async Task What_is_given_up_counts_as_free_soon(string what)
    {
        await using var store = await OpenAsync(64 << 20);
        var volume = await store.CreateAsync("disk", 16 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var data = new byte[1 << 20];
        for (var i = 0; i < 20; i++)
        {
            new Random(i).NextBytes(data);
            await volume.WriteAsync((i % 10) << 20, data, WriteOptions.None, Ct);
            if (i == 9)
            {
                await volume.CreateSnapshotAsync("kept", Ct);
            }
        }

        // Until nothing goes on by itself any more that could find it by chance.
        await store.CheckpointAsync();
        await Task.Delay(500, Ct);
        var before = store.Space.FreeBytes;
        await (what switch
        {
            "volume" => store.DeleteAsync("disk", Ct),
            "snapshot" => volume.DeleteSnapshotAsync("kept", Ct),
            _ => volume.TrimAsync(0, 16 << 20, WriteOptions.None, Ct),
        });
        var began = TimeProvider.System.GetTimestamp();
        while (store.Space.FreeBytes < before + (8 << 20))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"{store.Space}, before {before}");
            await Task.Delay(50, Ct);
        }
    }

    [Fact]
    public async Task Writes_that_wait_for_room_keep_their_order_and_are_told_when_there_is_none()
    {
        const long size = 32 << 20;
        await using var store = await OpenAsync(20 << 20);
        var volume = await store.CreateAsync("disk", size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var (acknowledged, failed) = (0, 0);
        var stamps = new int[size / 4096];
        for (var block = 0; block < stamps.Length; block += 32)
        {
            var writes = Enumerable.Range(block, 32).Select(b =>
            {
                var data = new byte[4096];
                Stamp(data, b, 1);
                return volume.WriteAsync(b * 4096L, data, WriteOptions.None, Ct).AsTask();
            }).ToList();
            for (var i = 0; i < writes.Count; i++)
            {
                try
                {
                    await writes[i].WaitAsync(TimeSpan.FromSeconds(30), Ct);
                    Assert.Equal(0, failed);
                    stamps[block + i] = 1;
                    acknowledged++;
                }
                catch (BlockException e)
                {
                    Assert.Equal(BlockError.NoSpace, e.Error);
                    failed++;
                }
            }
        }

        Assert.True(acknowledged > 2000 && failed > 2000, $"{acknowledged} and {failed}");
        await RequireAsync(volume, stamps);

        // Trims need a little room themselves, and make much.
        await volume.TrimAsync(0, size / 2, WriteOptions.None, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await volume.WriteAsync(0, new byte[] { 1 }, WriteOptions.ForceUnitAccess, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    [Fact]
    public async Task Cleaning_leaves_snapshots_clones_and_differences_as_they_were()
    {
        var storage = new FaultyStorage();
        await using var store = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);
        const int blocks = 512;
        var volume = await store.CreateAsync("disk", blocks * 4096, Ct);
        await volume.BeginRunAsync(1, Ct);
        var chance = new Random(5);
        var stamps = new int[blocks];
        var data = new byte[4096];
        var kept = new List<(string Id, int[] Stamps, long Number)>();
        for (var i = 1; i <= 3000; i++)
        {
            var block = chance.Next(blocks);
            Stamp(data, block, stamps[block] = i);
            await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct);
            if (i % 600 == 0)
            {
                await volume.CreateSnapshotAsync($"s{i}", Ct);
                kept.Add(($"s{i}", [.. stamps], volume.Lineage.LastNumber));
            }
        }

        await store.CloneAsync("clone", "disk", "s1200", Ct);
        var before = kept.Select(snapshot => volume.ChangedSince(snapshot.Number)).ToList();
        await store.CheckpointAsync();
        var packs = 0;
        while (await store.CleanAsync(Ct))
        {
            packs++;
            await store.CheckpointAsync();
        }

        Assert.True(packs > 2 && storage.List().Any(name => name.EndsWith(Segment.PackExtension, StringComparison.Ordinal)), $"{packs} packs");
        await RequireAsync(volume, stamps);
        await RequireAsync(await store.OpenAsync("clone", Ct), kept[1].Stamps);
        for (var i = 0; i < kept.Count; i++)
        {
            await RequireAsync(volume.OpenSnapshot(kept[i].Id), kept[i].Stamps);
            Assert.Equal(before[i], volume.ChangedSince(kept[i].Number));
        }

        await using var again = BlockStore.Open(
            new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage.Kill(), background: false);
        await RequireAsync((await again.OpenAsync("disk", Ct)).OpenSnapshot("s600"), kept[0].Stamps);
    }

    [Fact]
    public async Task A_crash_anywhere_in_a_cleaning_pass_loses_and_revives_nothing()
    {
        for (var at = 1; at <= 60; at++)
        {
            var storage = new FaultyStorage();
            var store = BlockStore.Open(
                new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);
            const int blocks = 100;
            var volume = await store.CreateAsync("disk", blocks * 4096, Ct);
            await volume.BeginRunAsync(1, Ct);
            var chance = new Random(at);
            var stamps = new int[blocks];
            var data = new byte[4096];
            for (var i = 1; i <= 400; i++)
            {
                var block = chance.Next(blocks);
                Stamp(data, block, stamps[block] = i);
                await volume.WriteAsync(block * 4096L, data, WriteOptions.None, Ct);
            }

            await store.CheckpointAsync();
            storage.CrashAfter(at, new Random(at));
            for (var pass = 0; pass < 3; pass++)
            {
                await store.CleanAsync(Ct);
                await store.CheckpointAsync();
                data[0]++;
                Stamp(data, 0, stamps[0]);
                await volume.WriteAsync(0, data, WriteOptions.None, Ct);
            }

            var image = storage.AfterCrash ?? storage.Kill();
            await store.DisposeAsync();
            for (var again = 0; again < 2; again++)
            {
                var opened = BlockStore.Open(
                    new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, image, background: false);
                try
                {
                    await RequireAsync(await opened.OpenAsync("disk", Ct), stamps);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"crash at {at}, opening {again + 1}: {e.Message}", e);
                }

                await opened.DisposeAsync();
            }
        }
    }

    private async Task<BlockStore> OpenAsync(long capacity) => await BlockStore.OpenAsync(
        new BlockStoreOptions { Directory = _directory.Path, SegmentBytes = SegmentBytes, CheckpointBytes = 4 << 20, CapacityBytes = capacity }, Ct);

    private static void Stamp(Span<byte> data, int block, int stamp)
    {
        var words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(data);
        words.Fill(stamp);
        words[0] = block + 1;
    }

    private static async Task RequireAsync(IBlockDevice device, int[] stamps)
    {
        var (read, expected) = (new byte[4096], new byte[4096]);
        for (var block = 0; block < stamps.Length; block++)
        {
            await device.ReadAsync(block * 4096L, read, Ct);
            Array.Clear(expected);
            if (stamps[block] > 0)
            {
                Stamp(expected, block, stamps[block]);
            }

            Assert.True(read.AsSpan().SequenceEqual(expected), $"block {block} is not what was written as {stamps[block]}");
        }
    }
}
