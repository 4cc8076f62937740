using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Log;

/// <summary>
/// Stores written by earlier versions must still open. Of each version, closed was closed, and killed was left with records behind
/// its checkpoint; of version 2, cleaned has packs and what was logged of them behind the checkpoint, and encrypted a volume under a key
/// that is wrapped for holder.pem. SKERRY_FIXTURE names a directory to write a new set into; the old ones are never written again.
/// </summary>
public sealed class FixtureTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1/closed")]
    [InlineData("v1/killed")]
    [InlineData("v2/closed")]
    [InlineData("v2/killed")]
    public async Task A_store_of_an_earlier_version_still_opens(string name)
    {
        using var directory = Fixture(name);
        await using var store = await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10 }, Ct);
        await RequireContentAsync(store);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_of_version_2_that_was_cleaned_still_opens(bool writtenToday)
    {
        using var directory = writtenToday ? new TemporaryDirectory() : Fixture("v2/cleaned");
        var content = new CleanedContent(directory.Path);
        if (writtenToday)
        {
            await content.WriteAsync(Ct);
            Save(directory.Path, Environment.GetEnvironmentVariable("SKERRY_FIXTURE"), "cleaned");
        }

        // All kinds of files that docs/formats/volume.md names are there.
        var names = Directory.GetFiles(directory.Path).Select(Path.GetExtension).ToHashSet();
        Assert.Superset(new HashSet<string?> { "", ".map", ".segment", ".sums", ".pack", ".spare" }, names);
        await content.RequireAsync(Ct);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_encrypted_volume_of_version_2_still_opens_with_its_key(bool writtenToday)
    {
        using var directory = writtenToday ? new TemporaryDirectory() : Fixture("v2/encrypted");
        var content = new EncryptedContent(directory.Path);
        if (writtenToday)
        {
            await content.WriteAsync(Ct);
            Save(directory.Path, Environment.GetEnvironmentVariable("SKERRY_FIXTURE"), "encrypted");
        }

        await content.RequireAsync(Ct);
    }

    /// <summary>The page on the format says all that a reader has to know: one that was written by it, in another language, finds the same.</summary>
    [Theory]
    [InlineData("closed")]
    [InlineData("killed")]
    [InlineData("cleaned")]
    [InlineData("encrypted")]
    public async Task An_independent_reader_finds_the_same(string name)
    {
        using var directory = Fixture($"v2/{name}");
        using var read = System.Text.Json.JsonDocument.Parse(
            await Nbd.ClientProgram.Run("python3", Path.Combine(AppContext.BaseDirectory, "Fixtures", "reader", "read_store.py"), directory.Path));
        using var holder = name == "encrypted" ? KeyHolder.FromPem(await File.ReadAllTextAsync(Path.Combine(directory.Path, "holder.pem"), Ct)) : null;
        await using var store = await BlockStore.OpenForReadingAsync(directory.Path, holder, Ct);
        Assert.Equal(read.RootElement.EnumerateObject().Select(volume => volume.Name).Order(), store.VolumeIds.Order());
        foreach (var found in read.RootElement.EnumerateObject())
        {
            var volume = store.Find(found.Name)!;
            Assert.Equal(
                (volume.SizeBytes, volume.Lineage.LastNumber, volume.Lineage.Runs.Count),
                (found.Value.GetProperty("size_bytes").GetInt64(), found.Value.GetProperty("last_number").GetInt64(), found.Value.GetProperty("runs").GetInt32()));
            Assert.Equal(await DigestAsync(volume), found.Value.GetProperty("sha256").GetString());
            var snapshots = found.Value.GetProperty("snapshots").EnumerateObject().ToList();
            Assert.Equal(volume.Snapshots.Select(snapshot => snapshot.Id), snapshots.Select(snapshot => snapshot.Name));
            foreach (var snapshot in snapshots)
            {
                Assert.Equal(await DigestAsync(volume.OpenSnapshot(snapshot.Name)), snapshot.Value.GetString());
            }
        }
    }

    [Theory]
    [InlineData("store", 4)]
    [InlineData("checkpoint", 24)]
    [InlineData("0000000000000001.map", 4)]
    [InlineData("0000000000000001.segment", 4)]
    public async Task A_file_of_a_version_to_come_is_refused_and_named(string file, int versionAt)
    {
        using var directory = Fixture("v2/killed");
        var path = Path.Combine(directory.Path, file);
        var at = file.EndsWith(".segment", StringComparison.Ordinal) ? LastRecord(path) : 0;
        Reseal(path, bytes => bytes[at + versionAt] = 9, at);
        var fault = await Assert.ThrowsAsync<BlockException>(
            async () => await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10 }, Ct));
        Assert.Equal(BlockError.Refused, fault.Error);
        Assert.Contains("version 9", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Use a newer one", fault.Message, StringComparison.Ordinal);
        Assert.Contains(file == "store" ? directory.Path : file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flag_or_a_kind_of_entry_to_come_is_refused_and_not_passed_over()
    {
        using var directory = Fixture("v2/killed");
        var segment = Path.Combine(directory.Path, "0000000000000001.segment");
        foreach (var (at, value) in new[] { (80, (byte)9), (81, (byte)64) })
        {
            var (bytes, last) = (File.ReadAllBytes(segment), LastRecord(segment));
            Reseal(segment, found => found[last + at] = value, last);
            var fault = await Assert.ThrowsAsync<BlockException>(
                async () => await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10 }, Ct));
            Assert.Contains("use a newer one", fault.Message, StringComparison.Ordinal);
            File.WriteAllBytes(segment, bytes);
        }
    }

    [Fact]
    public async Task A_map_file_of_another_store_is_refused()
    {
        using var directory = Fixture("v2/closed");
        var path = Path.Combine(directory.Path, "0000000000000001.map");
        Reseal(path, bytes => bytes[8] ^= 1);
        var fault = await Assert.ThrowsAsync<BlockException>(
            async () => await BlockStore.OpenAsync(new BlockStoreOptions { Directory = directory.Path, SegmentBytes = 256 << 10 }, Ct));
        Assert.Equal(BlockError.Corrupt, fault.Error);
        Assert.Contains("another store", fault.Message, StringComparison.Ordinal);
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

    /// <summary>Over the blocks that are not all zeroes, each as its number and its bytes.</summary>
    private static async Task<string> DigestAsync(IBlockDevice device)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[4096];
        foreach (var extent in device.Extents(0, device.SizeBytes, int.MaxValue).Where(extent => extent.Allocated))
        {
            for (var at = extent.OffsetBytes / 4096 * 4096; at < extent.OffsetBytes + extent.LengthBytes; at += 4096)
            {
                Array.Clear(block);
                await device.ReadAsync(at, block.AsMemory(0, (int)Math.Min(4096, device.SizeBytes - at)), Ct);
                if (block.AsSpan().ContainsAnyExcept((byte)0))
                {
                    digest.AppendData(BitConverter.GetBytes(at / 4096));
                    digest.AppendData(block);
                }
            }
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static TemporaryDirectory Fixture(string name)
    {
        var directory = new TemporaryDirectory();
        foreach (var path in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", name)))
        {
            File.Copy(path, Path.Combine(directory.Path, Path.GetFileName(path)));
        }

        return directory;
    }

    /// <summary>Where it begins. It is behind the checkpoint of a store that was killed, so it is read again.</summary>
    private static int LastRecord(string segment)
    {
        var bytes = File.ReadAllBytes(segment);
        return Enumerable.Range(0, bytes.Length / 4096).Last(block => bytes.AsSpan(block * 4096, 4).SequenceEqual("SYKR"u8)) * 4096;
    }

    /// <summary>Changes a file and makes its checksum good again.</summary>
    private static void Reseal(string path, Action<byte[]> change, int at = 0)
    {
        var bytes = File.ReadAllBytes(path);
        Array.Resize(ref bytes, bytes.Length + 4096);
        change(bytes);
        var (from, count, crcAt) = Path.GetExtension(path) switch
        {
            ".map" => (0, 28, 28),
            ".segment" => (at, 4096 * BitConverter.ToInt32(bytes, at + 28), at + 76),
            _ => Path.GetFileName(path) == "store" ? (0, 20, 20) : (24, BitConverter.ToInt32(bytes, 8), 16),
        };
        if (crcAt == at + 76)
        {
            bytes.AsSpan(crcAt, 4).Clear();
        }

        BitConverter.TryWriteBytes(bytes.AsSpan(crcAt), Skerry.Blocks.Log.Crc32C.Of(bytes.AsSpan(from, count)));
        if (crcAt == 16)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(20), Skerry.Blocks.Log.Crc32C.Of(bytes.AsSpan(0, 20)));
        }

        File.WriteAllBytes(path, bytes);
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
