using Skerry.Blocks.Log;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Log;

/// <summary>The store on the host's own file system.</summary>
public sealed class OnRealFilesTests : IDisposable
{
    private const long Size = 8 << 20;
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private BlockStoreOptions Options => new() { Directory = _directory.Path, SegmentBytes = 1 << 20, CheckpointBytes = 2 << 20 };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_written_is_there_after_closing_and_opening()
    {
        var data = new byte[(3 * 4096) + 700];
        new Random(1).NextBytes(data);
        await using (var store = await BlockStore.OpenAsync(Options, Ct))
        {
            var volume = await store.CreateAsync("disk", Size, Ct);
            await volume.BeginRunAsync(1, Ct);
            await volume.WriteAsync(12_345, data, WriteOptions.None, Ct);
            await volume.SetPropertyAsync("cursor", new byte[] { 7, 8 }, Ct);
            Assert.Equal(data, await Read(volume, 12_345, data.Length));
        }

        await using (var store = await BlockStore.OpenAsync(Options, Ct))
        {
            var volume = await store.OpenAsync("disk", Ct);
            Assert.Equal(data, await Read(volume, 12_345, data.Length));
            Assert.Equal(1, volume.Lineage.LastNumber);
            Assert.Equal([7, 8], volume.GetProperty("cursor")!.Value.ToArray());
            Assert.True(volume.IsReadOnly);
        }
    }

    [Fact]
    public async Task A_flushed_write_survives_a_store_that_was_never_closed()
    {
        var data = new byte[4096];
        new Random(2).NextBytes(data);
        var store = await BlockStore.OpenAsync(Options, Ct);
        var volume = await store.CreateAsync("disk", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        await volume.WriteAsync(0, data, WriteOptions.ForceUnitAccess, Ct);
        using (var copy = new TemporaryDirectory())
        {
            foreach (var path in Directory.GetFiles(_directory.Path))
            {
                if (Path.GetFileName(path) != "lock")
                {
                    File.Copy(path, Path.Combine(copy.Path, Path.GetFileName(path)));
                }
            }

            await using var other = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = copy.Path }, Ct);
            Assert.Equal(data, await Read(await other.OpenAsync("disk", Ct), 0, data.Length));
        }

        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_directory_is_open_in_one_place_at_a_time()
    {
        await using var store = await BlockStore.OpenAsync(Options, Ct);
        var fault = await Assert.ThrowsAsync<BlockException>(async () => await BlockStore.OpenAsync(Options, Ct));
        Assert.Equal(BlockError.Refused, fault.Error);
        Assert.Contains("in use by another process", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overwriting_a_volume_many_times_gives_its_space_back()
    {
        await using var store = await BlockStore.OpenAsync(Options, Ct);
        var volume = await store.CreateAsync("disk", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        var random = new Random(3);
        var disk = new byte[Size];
        for (var i = 0; i < 3000; i++)
        {
            var data = new byte[4096 * random.Next(1, 8)];
            random.NextBytes(data);
            var offset = 4096L * random.Next(0, (int)(Size / 4096) - 8);
            await volume.WriteAsync(offset, data, WriteOptions.None, Ct);
            data.CopyTo(disk, offset);
        }

        await store.CheckpointAsync();
        Assert.Equal(disk, await Read(volume, 0, disk.Length));
        await ShrinksTo(store, Size * 4);
        Assert.True(store.Space.AllocatedBytes >= Size / 2, $"only {store.Space.AllocatedBytes} bytes are said to be allocated");
        var onDisk = Directory.GetFiles(_directory.Path, "*" + Segment.Extension).Length;
        Assert.True(onDisk < 60, $"{onDisk} segments are left");
        await store.DeleteAsync("disk", Ct);
        await store.CheckpointAsync();
        await ShrinksTo(store, 2 << 20);
    }

    /// <summary>Cleaning goes on beside.</summary>
    private static async Task ShrinksTo(BlockStore store, long bytes)
    {
        for (var wait = 0; wait < 100 && store.Space.AllocatedBytes > bytes; wait++)
        {
            await Task.Delay(50, Ct);
        }

        Assert.InRange(store.Space.AllocatedBytes, 0, bytes);
    }

    [Fact]
    public async Task A_store_closes_while_a_checkpoint_is_due()
    {
        var data = new byte[Size];
        new Random(4).NextBytes(data);
        for (var round = 1; round <= 4; round++)
        {
            await using var store = await BlockStore.OpenAsync(Options, Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);
            var volume = await store.CreateAsync($"disk{round}", Size, Ct);
            await volume.BeginRunAsync(round, Ct);
            await volume.WriteAsync(0, data, WriteOptions.None, Ct);
            await volume.WriteAsync(0, data, WriteOptions.None, Ct);
            await store.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);
        }
    }

    private static async Task<byte[]> Read(IBlockDevice device, long offset, int length)
    {
        var bytes = new byte[length];
        await device.ReadAsync(offset, bytes, Ct);
        return bytes;
    }
}
