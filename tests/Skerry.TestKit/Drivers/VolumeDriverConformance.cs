using Skerry.Domain.Volumes;
using Xunit;

namespace Skerry.TestKit.Drivers;

/// <summary>What the suite needs of a driver under test beyond the contract: to write and read what it keeps, and to restart it.</summary>
public interface IDriverBench : IAsyncDisposable
{
    IVolumeDriver Driver { get; }

    /// <summary>Writes one block of 4 KiB as a client of the volume would; throws when the volume takes no writes.</summary>
    ValueTask WriteAsync(string volumeId, long block, byte[] content);

    ValueTask<byte[]> ReadAsync(string volumeId, string? snapshotId, long block);

    /// <summary>Ends the driver without a clean stop, as far as that can be had, and starts it on the same backend.</summary>
    ValueTask RestartAsync();
}

/// <summary>The contract of <see cref="IVolumeDriver"/>, once for all drivers.</summary>
public static class VolumeDriverConformance
{
    private const long Size = 64L << 20;
    private const int BlockBytes = 4096;
    private static readonly CancellationToken None = CancellationToken.None;

    public static IReadOnlyDictionary<string, Func<IDriverBench, Task>> Cases { get; } =
        new Dictionary<string, Func<IDriverBench, Task>>(StringComparer.Ordinal)
        {
            ["a new volume is listed, reads as zeroes and takes no writes until it is opened"] = NewVolume,
            ["creating again is the same volume, and another size is a mismatch"] = CreateTwice,
            ["what cannot fit is refused and leaves nothing"] = TooLarge,
            ["deleting is idempotent and makes room for the same id"] = DeleteTwice,
            ["extending grows, keeps what is there, and never shrinks"] = Extend,
            ["a snapshot keeps its state and survives its volume's writes"] = Snapshot,
            ["a volume from a snapshot or a volume has its content and a life of its own"] = Clones,
            ["a reverted volume has its snapshot's content, keeps its size and goes on in its generation"] = Revert,
            ["opening needs a generation that is not below the last"] = Generations,
            ["a fenced volume takes no writes, and fencing twice or nothing is no error"] = Fence,
            ["what was acknowledged is there after a restart, and nothing is open"] = Restart,
            ["what is not there is not found"] = NotFound,
            ["space is told in a sensible way"] = Space,
        };

    private static async Task NewVolume(IDriverBench bench)
    {
        await bench.Driver.CreateAsync(new NewVolume("v", Size), None);
        var local = Assert.Single(await bench.Driver.ListLocalAsync(None));
        Assert.Equal(("v", Size, null), (local.VolumeId, local.SizeBytes, local.OpenGeneration));
        Assert.True(bench.Driver.Holds("v"));
        Assert.Equal(new byte[BlockBytes], await bench.ReadAsync("v", null, 3));
        await Assert.ThrowsAnyAsync<Exception>(async () => await bench.WriteAsync("v", 3, Block(1)));
        Assert.Equal(new byte[BlockBytes], await bench.ReadAsync("v", null, 3));
    }

    private static async Task CreateTwice(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.CreateAsync(new NewVolume("v", Size), None);
        Assert.Equal(Block(1), await bench.ReadAsync("v", null, 0));
        await ThrowsAsync(DriverError.Mismatch, () => bench.Driver.CreateAsync(new NewVolume("v", Size * 2), None));
    }

    private static async Task TooLarge(IDriverBench bench)
    {
        var space = await bench.Driver.MeasureAsync(None);
        await ThrowsAsync(DriverError.NoSpace, () => bench.Driver.CreateAsync(new NewVolume("v", (space.TotalBytes + Size) / Size * Size), None));
        Assert.False(bench.Driver.Holds("v"));
        Assert.Empty(await bench.Driver.ListLocalAsync(None));
    }

    private static async Task DeleteTwice(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.CreateSnapshotAsync("v", "s", None);
        await bench.Driver.DeleteAsync("v", None);
        await bench.Driver.DeleteAsync("v", None);
        Assert.False(bench.Driver.Holds("v"));
        await OpenNewAsync(bench, "v");
        Assert.Equal(new byte[BlockBytes], await bench.ReadAsync("v", null, 0));
    }

    private static async Task Extend(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.ExtendAsync("v", Size * 2, None);
        await bench.Driver.ExtendAsync("v", Size * 2, None);
        await bench.Driver.ExtendAsync("v", Size, None);
        Assert.Equal(Size * 2, Assert.Single(await bench.Driver.ListLocalAsync(None)).SizeBytes);
        await bench.WriteAsync("v", (Size * 2 / BlockBytes) - 1, Block(2));
        Assert.Equal(Block(1), await bench.ReadAsync("v", null, 0));
        Assert.Equal(Block(2), await bench.ReadAsync("v", null, (Size * 2 / BlockBytes) - 1));
    }

    private static async Task Snapshot(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        Assert.NotEmpty(await bench.Driver.CreateSnapshotAsync("v", "s", None));
        await bench.WriteAsync("v", 0, Block(2));
        await bench.Driver.CreateSnapshotAsync("v", "s", None);
        Assert.Equal(Block(1), await bench.ReadAsync("v", "s", 0));
        Assert.Equal(Block(2), await bench.ReadAsync("v", null, 0));
        Assert.Equal(["s"], Assert.Single(await bench.Driver.ListLocalAsync(None)).SnapshotIds);
        await bench.Driver.DeleteSnapshotAsync("v", "s", None);
        await bench.Driver.DeleteSnapshotAsync("v", "s", None);
        Assert.Empty(Assert.Single(await bench.Driver.ListLocalAsync(None)).SnapshotIds);
        Assert.Equal(Block(2), await bench.ReadAsync("v", null, 0));
    }

    private static async Task Revert(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.CreateSnapshotAsync("v", "early", None);
        await bench.WriteAsync("v", 0, Block(2));
        await bench.Driver.ExtendAsync("v", Size * 2, None);
        await bench.WriteAsync("v", (Size / BlockBytes) + 1, Block(3));
        await bench.Driver.CreateSnapshotAsync("v", "late", None);
        await bench.Driver.RevertAsync("v", "early", None);
        var local = Assert.Single(await bench.Driver.ListLocalAsync(None));
        Assert.Equal((Size * 2, 1L), (local.SizeBytes, local.OpenGeneration));
        Assert.Equal(Block(1), await bench.ReadAsync("v", null, 0));
        Assert.Equal(new byte[BlockBytes], await bench.ReadAsync("v", null, (Size / BlockBytes) + 1));
        await bench.WriteAsync("v", 0, Block(4));
        Assert.Equal(Block(1), await bench.ReadAsync("v", "early", 0));
        Assert.Equal(Block(2), await bench.ReadAsync("v", "late", 0));
        await bench.Driver.RevertAsync("v", "late", None);
        await bench.RestartAsync();
        Assert.Equal(Block(2), await bench.ReadAsync("v", null, 0));
        Assert.Equal(Block(3), await bench.ReadAsync("v", null, (Size / BlockBytes) + 1));
        Assert.Equal(["early", "late"], Assert.Single(await bench.Driver.ListLocalAsync(None)).SnapshotIds);
        await ThrowsAsync(DriverError.NotFound, async () => await bench.Driver.RevertAsync("v", "none", None));
        await ThrowsAsync(DriverError.NotFound, async () => await bench.Driver.RevertAsync("none", "s", None));
    }

    private static async Task Clones(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.CreateSnapshotAsync("v", "s", None);
        await bench.WriteAsync("v", 0, Block(2));
        await bench.Driver.CreateAsync(new NewVolume("from-snapshot", Size, "v", "s"), None);
        await bench.Driver.CreateAsync(new NewVolume("from-volume", Size * 2, "v"), None);
        await bench.Driver.CreateAsync(new NewVolume("from-volume", Size * 2, "v"), None);
        await bench.Driver.OpenForWritingAsync("from-snapshot", 1, None);
        await bench.WriteAsync("from-snapshot", 1, Block(3));
        await bench.Driver.DeleteSnapshotAsync("v", "s", None);
        await bench.Driver.DeleteAsync("v", None);
        Assert.Equal(Block(1), await bench.ReadAsync("from-snapshot", null, 0));
        Assert.Equal(Block(3), await bench.ReadAsync("from-snapshot", null, 1));
        Assert.Equal(Block(2), await bench.ReadAsync("from-volume", null, 0));
        var sizes = (await bench.Driver.ListLocalAsync(None)).Select(v => (v.VolumeId, v.SizeBytes));
        Assert.Equal([("from-snapshot", Size), ("from-volume", Size * 2)], sizes);
    }

    private static async Task Generations(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.Driver.OpenForWritingAsync("v", 1, None);
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.OpenForWritingAsync("v", 3, None);
        await bench.WriteAsync("v", 1, Block(2));
        Assert.Equal(3, Assert.Single(await bench.Driver.ListLocalAsync(None)).OpenGeneration);
        await bench.Driver.FenceAsync("v", "test", None);
        await ThrowsAsync(DriverError.Mismatch, () => bench.Driver.OpenForWritingAsync("v", 2, None));
        await bench.Driver.OpenForWritingAsync("v", 3, None);
        Assert.Equal(Block(1), await bench.ReadAsync("v", null, 0));
    }

    private static async Task Fence(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.FenceAsync("v", "test", None);
        await bench.Driver.FenceAsync("v", "test", None);
        await bench.Driver.FenceAsync("nothing", "test", None);
        await Assert.ThrowsAnyAsync<Exception>(async () => await bench.WriteAsync("v", 0, Block(2)));
        Assert.Equal(Block(1), await bench.ReadAsync("v", null, 0));
        Assert.Null(Assert.Single(await bench.Driver.ListLocalAsync(None)).OpenGeneration);
    }

    private static async Task Restart(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        await bench.Driver.CreateSnapshotAsync("v", "s", None);
        await bench.Driver.ExtendAsync("v", Size * 2, None);
        await bench.Driver.CreateAsync(new NewVolume("w", Size), None);
        await bench.Driver.DeleteAsync("w", None);
        await bench.RestartAsync();
        var local = Assert.Single(await bench.Driver.ListLocalAsync(None));
        Assert.Equal(("v", Size * 2, null), (local.VolumeId, local.SizeBytes, local.OpenGeneration));
        Assert.Equal(["s"], local.SnapshotIds);
        Assert.Equal(Block(1), await bench.ReadAsync("v", "s", 0));
        await bench.Driver.OpenForWritingAsync("v", 1, None);
        await bench.WriteAsync("v", 1, Block(2));
    }

    private static async Task NotFound(IDriverBench bench)
    {
        await ThrowsAsync(DriverError.NotFound, () => bench.Driver.ExtendAsync("v", Size, None));
        await ThrowsAsync(DriverError.NotFound, async () => await bench.Driver.CreateSnapshotAsync("v", "s", None));
        await ThrowsAsync(DriverError.NotFound, () => bench.Driver.OpenForWritingAsync("v", 1, None));
        await ThrowsAsync(DriverError.NotFound, () => bench.Driver.CreateAsync(new NewVolume("w", Size, "v"), None));
        await bench.Driver.CreateAsync(new NewVolume("v", Size), None);
        await ThrowsAsync(DriverError.NotFound, () => bench.Driver.CreateAsync(new NewVolume("w", Size, "v", "s"), None));
        Assert.False(bench.Driver.Holds("w"));
        await bench.Driver.DeleteSnapshotAsync("nothing", "s", None);
    }

    private static async Task Space(IDriverBench bench)
    {
        await OpenNewAsync(bench, "v");
        await bench.WriteAsync("v", 0, Block(1));
        var space = await bench.Driver.MeasureAsync(None);
        Assert.InRange(space.FreeBytes, 0, space.TotalBytes);
        Assert.InRange(space.AllocatedBytes, 0, space.TotalBytes);
        Assert.True(Assert.Single(await bench.Driver.ListLocalAsync(None)).AllocatedBytes >= BlockBytes);
    }

    private static async Task OpenNewAsync(IDriverBench bench, string volumeId)
    {
        await bench.Driver.CreateAsync(new NewVolume(volumeId, Size), None);
        await bench.Driver.OpenForWritingAsync(volumeId, 1, None);
    }

    private static byte[] Block(byte stamp)
    {
        var block = new byte[BlockBytes];
        Array.Fill(block, stamp);
        return block;
    }

    private static async Task ThrowsAsync(DriverError error, Func<ValueTask> call) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<DriverException>(async () => await call())).Error);
}
