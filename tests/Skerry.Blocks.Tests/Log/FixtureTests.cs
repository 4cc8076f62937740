using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Log;

/// <summary>
/// Stores written by earlier versions must still open. Fixtures/v1/closed was closed, Fixtures/v1/killed was left with records behind
/// its checkpoint. SKERRY_FIXTURE names a directory to write a new pair into; the old ones are never written again.
/// </summary>
public sealed class FixtureTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("closed")]
    [InlineData("killed")]
    public async Task A_store_of_version_1_still_opens(string name)
    {
        using var directory = new TemporaryDirectory();
        var fixture = Path.Combine(AppContext.BaseDirectory, "Fixtures", "v1", name);
        foreach (var path in Directory.GetFiles(fixture))
        {
            File.Copy(path, Path.Combine(directory.Path, Path.GetFileName(path)));
        }

        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10 }, Ct);
        await RequireContentAsync(store);
    }

    [Fact]
    public async Task What_is_written_today_reads_as_the_fixtures_do()
    {
        using var directory = new TemporaryDirectory();
        var target = Environment.GetEnvironmentVariable("SKERRY_FIXTURE");
        var options = new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10, CheckpointBytes = 256 << 10 };
        await using (var store = await BlockStore.OpenAsync(options, Ct))
        {
            await WriteContentAsync(store);
            Save(directory.Path, target, "killed");
        }

        Save(directory.Path, target, "closed");
        await using var again = await BlockStore.OpenAsync(options, Ct);
        await RequireContentAsync(again);
    }

    private static async Task WriteContentAsync(BlockStore store)
    {
        var disk = await store.CreateAsync("disk", 40_960 + 512, Ct);
        await disk.ApplyAsync(new RunStart(3, 0x1122334455667788, 1), [Data(1, 0, 8192), Data(2, 5000, 100), new NumberedWrite(3, 4096, 4096, default, WriteKind.Trim)], Ct);
        await disk.CreateSnapshotAsync("first", Ct);
        await store.CheckpointAsync();
        await disk.ApplyAsync(
            new RunStart(4, 0x99AABBCCDDEEFF00, 4), [Data(4, 8192, 4096), new NumberedWrite(5, 0, 4096, default, WriteKind.Zeroes), Data(6, 40_960, 512)], Ct);
        await disk.SetPropertyAsync("cursor", "one"u8.ToArray(), Ct);
        await disk.SetPropertyAsync("gone", "two"u8.ToArray(), Ct);
        await disk.RemovePropertyAsync("gone", Ct);
        await disk.ExtendAsync(81_920, Ct);
        await disk.CreateSnapshotAsync("second", Ct);
        await disk.CreateSnapshotAsync("third", Ct);
        await disk.DeleteSnapshotAsync("third", Ct);
        await store.CloneAsync("clone", "disk", "first", Ct);
        var other = await store.CreateAsync("other", 65_536, Ct);
        await other.PutAsync(4096, Bytes(40, 4096), 9, Ct);
        await other.PutHoleAsync(8192, 4096, 9, Ct);
        await other.AdoptLineageAsync(new Lineage([new RunStart(7, 0xABCDEF, 1)], 9), Ct);
        await other.CreateSnapshotAsync("point", Ct);
        await other.PutAsync(0, Bytes(41, 4096), 12, Ct);
        await other.RevertToSnapshotAsync("point", Ct);
        await other.PutAsync(12_288, Bytes(42, 4096), 12, Ct);
        await store.CreateAsync("deleted", 4096, Ct);
        await store.DeleteAsync("deleted", Ct);
        await other.FlushAsync(Ct);
    }

    private static async Task RequireContentAsync(BlockStore store)
    {
        Assert.Equal(["clone", "disk", "other"], store.VolumeIds.Order(StringComparer.Ordinal));
        var (disk, clone, other) = (await store.OpenAsync("disk", Ct), await store.OpenAsync("clone", Ct), await store.OpenAsync("other", Ct));
        RunStart first = new(3, 0x1122334455667788, 1), second = new(4, 0x99AABBCCDDEEFF00, 4);
        Assert.Equal(new Lineage([first, second], 6), disk.Lineage);
        Assert.Equal(new Lineage([first], 3), clone.Lineage);
        Assert.Equal(["first", "second"], disk.Snapshots.Select(snapshot => snapshot.Id));
        Assert.Equal([new Lineage([first], 3), new Lineage([first, second], 6)], disk.Snapshots.Select(snapshot => snapshot.Lineage));
        Assert.Equal((41_472L, 81_920L, 81_920L), (clone.SizeBytes, disk.SizeBytes, disk.Snapshots[1].SizeBytes));
        Assert.Equal("one"u8.ToArray(), disk.GetProperty("cursor")!.Value.ToArray());
        Assert.Null(disk.GetProperty("gone"));

        var before = new byte[41_472];
        Bytes(1, 8192).CopyTo(before, 0);
        before.AsSpan(4096, 4096).Clear();
        Assert.Equal(before, await Read(disk.OpenSnapshot("first")));
        Assert.Equal(before, await Read(clone));
        var after = new byte[81_920];
        Bytes(4, 4096).CopyTo(after, 8192);
        Bytes(6, 512).CopyTo(after, 40_960);
        Assert.Equal(after, await Read(disk));
        Assert.Equal(
            [new ChangedRange(0, 4096, true), new ChangedRange(8192, 4096, false), new ChangedRange(40_960, 4096, false)], disk.ChangedSince(3));
        Assert.True(disk.Extents(0, 4096, 1)[0].Allocated);
        Assert.False(disk.Extents(4096, 4096, 1)[0].Allocated);

        Assert.True(other.CatchUpUnfinished);
        Assert.Equal(9, other.Lineage.LastNumber);
        var mixed = new byte[65_536];
        Bytes(40, 4096).CopyTo(mixed, 4096);
        Assert.Equal(mixed, await Read(other.OpenSnapshot("point")));
        Bytes(42, 4096).CopyTo(mixed, 12_288);
        Assert.Equal(mixed, await Read(other));
    }

    private static NumberedWrite Data(long number, long offset, int length) =>
        new(number, offset, length, Bytes((byte)number, length), WriteKind.Data);

    private static byte[] Bytes(byte first, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(first + (i * 7) + (i >> 8));
        }

        return bytes;
    }

    private static async Task<byte[]> Read(IBlockDevice device)
    {
        var bytes = new byte[device.SizeBytes];
        await device.ReadAsync(0, bytes, Ct);
        return bytes;
    }

    private static void Save(string from, string? target, string name)
    {
        if (target is not null)
        {
            var to = Directory.CreateDirectory(Path.Combine(target, name)).FullName;
            foreach (var path in Directory.GetFiles(from).Where(path => Path.GetFileName(path) != "lock"))
            {
                // A file reads as zeroes beyond its end.
                var bytes = File.ReadAllBytes(path);
                File.WriteAllBytes(Path.Combine(to, Path.GetFileName(path)), bytes[..(Array.FindLastIndex(bytes, b => b != 0) + 1)]);
            }
        }
    }
}
