using System.Security.Cryptography;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Log;
using Skerry.Blocks.Tests.Log;

namespace Skerry.Blocks.Tests.Encryption;

/// <summary>Volumes whose blocks are encrypted at rest, through all that a store does with blocks.</summary>
public sealed class EncryptedVolumeTests : IDisposable
{
    private const long Size = 256 * 4096;
    private static readonly byte[] Marker = "what nobody may read on the disk"u8.ToArray();
    private readonly ECDsa _site = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly KeyHolder _holder;
    private readonly VolumeKey _key = VolumeKey.Create();

    public EncryptedVolumeTests() => _holder = new KeyHolder(_site);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _holder.Dispose();
        _site.Dispose();
    }

    [Fact]
    public async Task What_was_written_comes_back_and_is_nowhere_on_the_disk()
    {
        var (storage, expected) = (new FaultyStorage(), new byte[Size]);
        var store = Open(storage, _holder);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        await volume.BeginRunAsync(1, Ct);
        var chance = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            await WriteAsync(volume, expected, chance);
            if (i == 150)
            {
                await store.CheckpointAsync();
            }
        }

        await volume.FlushAsync(Ct);
        Assert.Equal(expected, await ReadAsync(volume));
        RequireSecret(storage);

        // The power goes; after that all of it comes from the log, or from what the checkpoint stored.
        var after = storage.Crash(new Random(1));
        store = Open(after, _holder);
        volume = await store.OpenAsync("disk", Ct);
        Assert.True(volume.IsEncrypted);
        Assert.Equal(_key.Id, volume.WrappedKey!.KeyId);
        Assert.Equal(expected, await ReadAsync(volume));
        await store.DisposeAsync();
        RequireSecret(after);
        store = Open(after, _holder);
        Assert.Equal(expected, await ReadAsync(await store.OpenAsync("disk", Ct)));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task The_same_write_in_two_openings_never_looks_the_same()
    {
        // A record that power loss took back, and what the next opening writes under the same number in its place.
        var seen = new HashSet<string>();
        var storage = new FaultyStorage();
        var store = Open(storage, _holder);
        await store.CreateAsync("disk", Size, _key, Ct);
        await store.DisposeAsync();
        for (var round = 0; round < 5; round++)
        {
            var image = storage.Crash(new Random(1));
            var opened = Open(image, _holder);
            var volume = await opened.OpenAsync("disk", Ct);
            await volume.ApplyAsync(new RunStart(1, 7, 1), [new NumberedWrite(1, 4096, 4096, Marked(1), WriteKind.Data)], Ct);
            var wholes = image.List().Where(name => name.EndsWith(Segment.Extension, StringComparison.Ordinal)).Select(image.Bytes);
            Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(wholes.SelectMany(b => b).ToArray()))));
            Assert.Equal(Marked(1), (await ReadAsync(volume)).AsSpan(4096, 4096).ToArray());
            RequireSecret(image);
        }
    }

    [Fact]
    public async Task Without_the_key_it_is_locked_and_nothing_is_changed()
    {
        var (storage, expected) = (new FaultyStorage(), new byte[Size]);
        var store = Open(storage, _holder);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        var plain = await store.CreateAsync("plain", Size, Ct);
        await volume.BeginRunAsync(1, Ct);
        await plain.BeginRunAsync(1, Ct);
        await WriteAsync(volume, expected, new Random(3));
        await plain.WriteAsync(0, Marked(1), WriteOptions.None, Ct);
        await volume.CreateSnapshotAsync("before", Ct);
        var lineage = volume.Lineage;
        await store.DisposeAsync();

        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = new KeyHolder(otherKey);
        foreach (var holder in new[] { null, other })
        {
            store = Open(storage, holder);
            volume = await store.OpenAsync("disk", Ct);
            Assert.True(volume.IsLocked);
            await RefusesAsync(async () => await volume.ReadAsync(0, new byte[4096], Ct));
            await RefusesAsync(async () => await volume.BeginRunAsync(2, Ct));
            await RefusesAsync(async () => await volume.PutAsync(0, Marked(2), 9, Ct));
            await RefusesAsync(async () => await volume.ApplyAsync(new RunStart(2, 7, 2), [new NumberedWrite(2, 0, 4096, Marked(2), WriteKind.Data)], Ct));
            await RefusesAsync(() => Task.FromResult(volume.OpenSnapshot("before")));
            await RefusesAsync(() => Task.FromResult(volume.WrapKeyFor(otherKey)));
            await RefusesAsync(async () => await (await store.CloneAsync($"clone-{holder?.Id}", "disk", null, Ct)).ReadAsync(0, new byte[4096], Ct));
            Assert.Equal(lineage, volume.Lineage);
            Assert.Equal(Marked(1), (await ReadAsync(await store.OpenAsync("plain", Ct))).AsSpan(0, 4096).ToArray());
            await store.DeleteAsync($"clone-{holder?.Id}", Ct);
            await store.DisposeAsync();
        }

        store = Open(storage, _holder);
        Assert.Equal(expected, await ReadAsync(await store.OpenAsync("disk", Ct)));
        await store.DisposeAsync();

        async Task RefusesAsync(Func<Task> act)
        {
            var fault = await Assert.ThrowsAsync<BlockException>(act);
            Assert.Equal(BlockError.Locked, fault.Error);
            Assert.Contains(_key.Id, fault.Message, StringComparison.Ordinal);
            Assert.Contains(_holder.Id, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_store_without_a_key_of_its_own_makes_none()
    {
        await using var store = Open(new FaultyStorage(), null);
        var fault = await Assert.ThrowsAsync<BlockException>(async () => await store.CreateAsync("disk", Size, _key, Ct));
        Assert.Equal(BlockError.Locked, fault.Error);
        Assert.Empty(store.VolumeIds);
    }

    [Fact]
    public async Task Snapshots_clones_and_reverts_share_blocks_and_outlive_each_other()
    {
        var storage = new FaultyStorage();
        var store = Open(storage, _holder);
        var (first, second, third) = (new byte[Size], new byte[Size], new byte[Size]);
        var chance = new Random(8);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        await volume.BeginRunAsync(1, Ct);
        await WriteManyAsync(volume, first, chance);
        await volume.CreateSnapshotAsync("first", Ct);
        first.CopyTo(second, 0);
        await WriteManyAsync(volume, second, chance);
        var clone = await store.CloneAsync("clone", "disk", "first", Ct);
        Assert.True(clone.IsEncrypted);
        await clone.BeginRunAsync(1, Ct);
        first.CopyTo(third, 0);
        await WriteManyAsync(clone, third, chance);
        await CheckAsync();

        await store.DisposeAsync();
        store = Open(storage, _holder);
        (volume, clone) = (await store.OpenAsync("disk", Ct), await store.OpenAsync("clone", Ct));
        await CheckAsync();
        await volume.RevertToSnapshotAsync("first", Ct);
        Assert.Equal(first, await ReadAsync(volume));
        await store.DeleteAsync("disk", Ct);
        await store.CheckpointAsync();
        Assert.Equal(third, await ReadAsync(clone));
        await store.DisposeAsync();
        store = Open(storage, _holder);
        Assert.Equal(third, await ReadAsync(await store.OpenAsync("clone", Ct)));
        await store.DisposeAsync();
        RequireSecret(storage);

        async Task CheckAsync()
        {
            Assert.Equal(second, await ReadAsync(volume));
            Assert.Equal(first, await ReadAsync(volume.OpenSnapshot("first")));
            Assert.Equal(third, await ReadAsync(clone));
        }
    }

    [Fact]
    public async Task A_replica_in_another_store_follows_in_the_clear_and_keeps_it_encrypted_under_the_same_key()
    {
        using var replicaSite = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var replicaHolder = new KeyHolder(replicaSite);
        using var replicaPublic = ECDsa.Create(replicaSite.ExportParameters(false));
        var (storage, expected) = (new FaultyStorage(), new byte[Size]);
        await using var store = Open(new FaultyStorage(), _holder);
        await using var replicaStore = Open(storage, replicaHolder);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        var key = replicaHolder.Open(WrappedKey.Read(volume.WrapKeyFor(replicaPublic).Bytes.Span)!)!;
        var replica = await replicaStore.CreateAsync("disk", Size, key, Ct);
        using var tap = await volume.OpenTapAsync(1 << 30, Ct);
        var run = await volume.BeginRunAsync(1, Ct);
        await WriteManyAsync(volume, expected, new Random(4));
        for (var number = 0L; number < volume.Lineage.LastNumber;)
        {
            using var batch = (await tap.ReadAsync(1 << 20, Ct))!;
            await replica.ApplyAsync(run, batch.Writes, Ct);
            number = batch.Writes[^1].Number;
        }

        Assert.Equal(volume.Lineage, replica.Lineage);
        Assert.Equal(expected, await ReadAsync(replica));

        // A catch-up puts many blocks under one number, and some of them twice.
        for (var round = 0; round < 2; round++)
        {
            for (var block = 0; block < 40; block++)
            {
                Marked(block + round).CopyTo(expected, block * 4096);
                await replica.PutAsync(block * 4096, Marked(block + round), 1000, Ct);
            }
        }

        Assert.Equal(expected, await ReadAsync(replica));
        RequireSecret(storage);
    }

    [Fact]
    public async Task Seals_that_rot_beside_the_log_are_made_again_from_its_records()
    {
        var (storage, expected) = (new FaultyStorage(), new byte[Size]);
        var store = Open(storage, _holder);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        await volume.BeginRunAsync(1, Ct);
        await WriteManyAsync(volume, expected, new Random(4));
        await store.DisposeAsync();
        foreach (var name in storage.List().Where(name => name.EndsWith(Sums.Extension, StringComparison.Ordinal)))
        {
            storage.Bytes(name).AsSpan().Fill(0xA5);
        }

        store = Open(storage, _holder);
        Assert.Equal(expected, await ReadAsync(await store.OpenAsync("disk", Ct)));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_that_were_exchanged_with_their_checksum_are_an_error_and_never_data()
    {
        var storage = new FaultyStorage();
        var store = Open(storage, _holder);
        var volume = await store.CreateAsync("disk", Size, _key, Ct);
        await volume.BeginRunAsync(1, Ct);
        await volume.WriteAsync(0, Marked(1), WriteOptions.ForceUnitAccess, Ct);

        // Whoever can write to the disk can make checksums fit, too; the record is then whole and says something else.
        var name = storage.List().Single(name => name.EndsWith(Segment.Extension, StringComparison.Ordinal));
        var bytes = storage.Crash(new Random(1)).Bytes(name);
        var records = Enumerable.Range(0, bytes.Length / 4096).Where(b => BitConverter.ToUInt32(bytes, b * 4096) == 0x524B_5953).ToList();
        var image = storage.Crash(new Random(1));
        var (header, data) = (image.Bytes(name).AsMemory(records[^1] * 4096, 4096), image.Bytes(name).AsMemory((records[^1] + 1) * 4096, 4096));
        data.Span[100] ^= 1;
        BitConverter.TryWriteBytes(header.Span[(RecordHeader.Bytes + 28)..], Crc32C.Of(data.Span));
        Assert.True(RecordHeader.TryRead(header.Span, BitConverter.ToUInt64(header.Span[8..]), 1, records[^1], bytes.Length / 4096, out var read));
        read.Seal(header.Span);

        var opened = Open(image, _holder);
        var fault = await Assert.ThrowsAsync<BlockException>(async () => await (await opened.OpenAsync("disk", Ct)).ReadAsync(0, new byte[4096], Ct));
        Assert.Equal(BlockError.Corrupt, fault.Error);
        Assert.Contains("bytes 0 to 4096", fault.Message, StringComparison.Ordinal);
    }

    private static BlockStore Open(FaultyStorage storage, KeyHolder? holder) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20, KeyHolder = holder }, storage, background: false);

    private static byte[] Marked(int seed)
    {
        var bytes = new byte[4096];
        new Random(seed).NextBytes(bytes);
        Marker.CopyTo(bytes, 0);
        return bytes;
    }

    private static async Task WriteManyAsync(BlockVolume volume, byte[] expected, Random chance)
    {
        for (var i = 0; i < 60; i++)
        {
            await WriteAsync(volume, expected, chance);
        }
    }

    private static async Task WriteAsync(BlockVolume volume, byte[] expected, Random chance)
    {
        var length = Marker.Length + chance.Next(30_000);
        var offset = chance.Next((int)Size - length);
        var data = new byte[length];
        if (chance.Next(6) > 0)
        {
            chance.NextBytes(data);
            for (var at = 0; at + Marker.Length <= length; at += 2048)
            {
                Marker.CopyTo(data, at);
            }
        }

        data.CopyTo(expected, offset);
        await volume.WriteAsync(offset, data, WriteOptions.None, Ct);
    }

    private static async Task<byte[]> ReadAsync(IBlockDevice device)
    {
        var bytes = new byte[device.SizeBytes];
        await device.ReadAsync(0, bytes, Ct);
        return bytes;
    }

    private void RequireSecret(FaultyStorage storage)
    {
        foreach (var name in storage.List())
        {
            Assert.True(storage.Bytes(name).AsSpan().IndexOf(Marker) < 0, $"{name} holds what was written in the clear");
            Assert.True(storage.Bytes(name).AsSpan().IndexOf(_key.Secret) < 0, $"{name} holds the key");
        }
    }
}
