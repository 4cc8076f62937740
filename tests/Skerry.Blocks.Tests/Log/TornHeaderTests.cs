using System.Buffers.Binary;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

public sealed class TornHeaderTests
{
    private const int Sector = 512;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// A header is mostly zeroes. Of a torn one the first sector may stand there with old bytes behind it; another record written over
    /// it, of which all but the first sector arrive, would complete it.
    /// </summary>
    [Fact]
    public async Task A_record_that_was_cut_does_not_come_back_when_one_that_was_written_over_it_is_torn_too()
    {
        var storage = new FaultyStorage();
        var store = Open(storage);
        var volume = await store.CreateAsync("disk", 1 << 20, Ct);
        await volume.BeginRunAsync(1, Ct);
        await volume.FlushAsync(Ct);
        await volume.WriteZeroesAsync(0, 4096, WriteOptions.None, Ct);

        // The power goes: of the last record the first sector is there, and behind it what was there before.
        var torn = storage.Kill();
        await store.DisposeAsync();
        var (name, at) = LastRecord(torn);
        torn.Bytes(name).AsSpan(at + Sector, 7 * Sector).Fill(0xEE);
        var first = torn.Bytes(name).AsSpan(at, Sector).ToArray();
        store = Open(torn);
        volume = await store.OpenAsync("disk", Ct);
        Assert.Equal(0, volume.Lineage.LastNumber);
        await volume.BeginRunAsync(2, Ct);

        // It goes again: of what may have been written over it since all but the first sector is there.
        var again = torn.Kill();
        await store.DisposeAsync();
        first.CopyTo(again.Bytes(name), at);
        store = Open(again);
        volume = await store.OpenAsync("disk", Ct);
        Assert.Equal(0, volume.Lineage.LastNumber);
        await store.DisposeAsync();
    }

    private static BlockStore Open(FaultyStorage storage) =>
        BlockStore.Open(new BlockStoreOptions { Directory = "memory", SegmentBytes = 256 << 10, CheckpointBytes = 1 << 20 }, storage, background: false);

    private static (string Name, int At) LastRecord(FaultyStorage storage)
    {
        var (best, name, at) = (0L, "", 0);
        foreach (var file in storage.List().Where(n => Segment.IdOf(n) is not null))
        {
            var bytes = storage.Bytes(file);
            for (var block = 0; block < bytes.Length / 4096; block++)
            {
                var header = bytes.AsSpan(block * 4096, 4096);
                if (header[..4].SequenceEqual("SYKR"u8) && BinaryPrimitives.ReadInt64LittleEndian(header[40..]) is var sequence && sequence > best)
                {
                    (best, name, at) = (sequence, file, block * 4096);
                }
            }
        }

        return (name, at);
    }
}
