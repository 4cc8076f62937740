using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>Rot in what a recovery left or began, which must not be taken for another torn end.</summary>
public sealed class RotAfterRecoveryTests
{
    private const uint RecordMagic = 0x524B_5953;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rot_of_the_first_record_after_a_recovery_does_not_bring_back_what_that_recovery_cut()
    {
        var torn = await WithUnflushedWriteAsync();
        var (segment, record) = LastRecord(torn);
        torn.Bytes(segment)[record + 4096 + 100] ^= 1;
        var recovered = Open(torn);
        var volume = await recovered.OpenAsync("disk", Ct);
        await volume.BeginRunAsync(2, Ct);
        var killed = torn.Kill();
        await recovered.DisposeAsync();

        (segment, record) = LastRecord(killed);
        killed.Bytes(segment)[record + 3] ^= 1;
        Assert.Equal(BlockError.Corrupt, Assert.Throws<BlockException>(() => Open(killed)).Error);
    }

    [Fact]
    public async Task What_a_recovery_found_is_never_cut_by_the_next_one()
    {
        var first = await WithUnflushedWriteAsync();
        var recovered = Open(first);
        var second = first.Kill();
        await recovered.DisposeAsync();

        var (segment, record) = LastRecord(second);
        second.Bytes(segment)[record + 4096 + 100] ^= 1;
        await using var store = Open(second);
        var volume = await store.OpenAsync("disk", Ct);
        Assert.Equal(1, volume.Lineage.LastNumber);
        Assert.Equal(BlockError.Corrupt, (await Assert.ThrowsAsync<BlockException>(async () => await volume.ReadAsync(0, new byte[4096], Ct))).Error);
    }

    private static async Task<FaultyStorage> WithUnflushedWriteAsync()
    {
        var storage = new FaultyStorage();
        var store = Open(storage);
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        var data = new byte[4096];
        new Random(1).NextBytes(data);
        await volume.WriteAsync(0, data, WriteOptions.None, Ct);
        var killed = storage.Kill();
        await store.DisposeAsync();
        return killed;
    }

    /// <summary>Of the newest segment that has any: its last record's header.</summary>
    private static (string Segment, int Byte) LastRecord(FaultyStorage storage)
    {
        foreach (var name in storage.List().Where(name => name.EndsWith(Segment.Extension, StringComparison.Ordinal)).OrderDescending(StringComparer.Ordinal))
        {
            var bytes = storage.Bytes(name);
            for (var at = bytes.Length - 4096; at >= 0; at -= 4096)
            {
                if (BitConverter.ToUInt32(bytes, at) == RecordMagic)
                {
                    return (name, at);
                }
            }
        }

        throw new InvalidDataException("no segment has a record");
    }

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);
}
