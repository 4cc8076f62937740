using Skerry.Blocks.Log;
using Skerry.TestKit.Files;

namespace Skerry.Blocks.Tests.Log;

/// <summary>Files that are ready before the log needs them.</summary>
public sealed class SegmentSupplyTests
{
    private const int SegmentBytes = 256 << 10;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_freed_file_is_used_again_the_latest_first()
    {
        var storage = new FaultyStorage();
        var supply = new SegmentSupply(storage, SegmentBytes, mostSpares: 2);
        var taken = Enumerable.Range(0, 4).Select(_ => supply.Take()!.Value).ToArray();
        foreach (var (id, file, _) in taken)
        {
            file.Write(0, BitConverter.GetBytes(id));
            supply.Give(Segment.NameOf(id), file, holes: false);
        }

        Assert.Equal(2, supply.Held);
        Assert.Equal([2L, 1L], [ContentOf(supply.Take()), ContentOf(supply.Take())]);
        var made = supply.Take();
        Assert.Equal((0L, true), (ContentOf(made), made!.Value.IsFresh));
        Assert.Equal(["0000000000000005.segment", "0000000000000006.segment", "0000000000000007.segment"], storage.List().Order(StringComparer.Ordinal));
        await supply.StopAsync();
        supply.Dispose();
    }

    /// <summary>
    /// A file that was made ready after the last save of the maps is a spare with a higher number than the saved maps know. That number
    /// was given out again once; the two files came to have one name, and no file was to be had from then on.
    /// </summary>
    [Fact]
    public async Task A_number_that_a_spare_file_has_is_not_given_out_again()
    {
        var storage = new FaultyStorage();
        storage.Create("0000000000000002.spare", SegmentBytes).Dispose();
        storage.Create("0000000000000003.spare", SegmentBytes).Dispose();
        using var supply = new SegmentSupply(storage, SegmentBytes, mostSpares: 4) { NextId = 2 };
        supply.Load(storage.List());
        var (first, file, _) = supply.Take()!.Value;
        supply.Give(Segment.NameOf(first), file, holes: false);
        Assert.Equal(2, storage.List().Count);
        Assert.Equal([5L, 6L], [supply.Take()!.Value.Id, supply.Take()!.Value.Id]);
        await supply.StopAsync();
    }

    [Fact]
    public async Task Opening_and_closing_leaves_no_more_files_behind()
    {
        using var directory = new TemporaryDirectory();
        var options = new BlockStoreOptions { Directory = directory.Path, SegmentBytes = SegmentBytes, CheckpointBytes = 1 << 20 };
        var counts = new List<int>();
        for (var round = 1; round <= 12; round++)
        {
            await using (var store = await BlockStore.OpenAsync(options, Ct))
            {
                var volume = round == 1 ? await store.CreateAsync("disk", 1 << 20, Ct) : await store.OpenAsync("disk", Ct);
                await volume.BeginRunAsync(round, Ct);
                var data = new byte[1 << 20];
                new Random(round).NextBytes(data);
                await volume.WriteAsync(0, data, WriteOptions.None, Ct);
            }

            counts.Add(Directory.GetFiles(directory.Path).Length);
        }

        Assert.True(counts.Skip(4).Max() <= counts.Take(4).Max() + 4, $"files after each opening: {string.Join(", ", counts)}");
    }

    [Fact]
    public async Task A_crash_while_files_are_recycled_loses_and_revives_nothing()
    {
        for (var at = 1; at <= 200; at++)
        {
            var storage = new FaultyStorage();
            var store = Open(storage);
            var volume = await store.CreateAsync("disk", 1 << 20, Ct);
            await volume.BeginRunAsync(1, Ct);
            var written = 0;
            storage.CrashAfter(at, new Random(at));
            for (var round = 1; round <= 60 && storage.AfterCrash is null; round++)
            {
                await volume.WriteAsync(0, Stamp(round), WriteOptions.ForceUnitAccess, Ct);
                written = storage.AfterCrash is null ? round : written;
                if (round % 9 == 0)
                {
                    await store.CheckpointAsync();
                }
            }

            var image = storage.AfterCrash ?? storage.Kill();
            await store.DisposeAsync();
            for (var again = 0; again < 2; again++)
            {
                var opened = Open(image);
                var read = new byte[64 << 10];
                await (await opened.OpenAsync("disk", Ct)).ReadAsync(0, read, Ct);
                Assert.InRange(read[0], written, written + 1);
                Assert.False(read.AsSpan().ContainsAnyExcept(read[0]), $"crash at {at}: two writes are mixed");
                var next = image.Kill();
                await opened.DisposeAsync();
                image = again == 0 ? next : image;
            }
        }
    }

    private static long ContentOf((long Id, IBackingFile File, bool IsFresh)? taken)
    {
        var bytes = new byte[8];
        taken!.Value.File.Read(0, bytes);
        return BitConverter.ToInt64(bytes);
    }

    private static byte[] Stamp(int round)
    {
        var bytes = new byte[64 << 10];
        Array.Fill(bytes, (byte)round);
        return bytes;
    }

    private static BlockStore Open(FaultyStorage storage) => BlockStore.Open(
        new BlockStoreOptions { Directory = "memory", SegmentBytes = SegmentBytes, CheckpointBytes = 1 << 20 }, storage, background: false);
}
