using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>
/// A store that was cleaned and then killed: segments of which one block is left and segments of which some are, in packs that the
/// checkpoint knows and in one that only the log does; maps with each kind of node.
/// </summary>
internal sealed class CleanedContent(string directory)
{
    private const int Blocks = 96, SegmentBytes = 512 << 10, FarBlock = 20_000, Untouched = 5;
    private readonly BlockStoreOptions _options = new() { Directory = directory, SegmentBytes = SegmentBytes, CheckpointBytes = 1 << 20 };

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var store = BlockStore.Open(_options, new DirectoryStorage(directory), background: false);
        var disk = await store.CreateAsync("disk", 1L << 30, cancellationToken);
        for (var first = 0; first < Blocks; first += 16)
        {
            await WriteAsync(disk, first, 16, 1, cancellationToken);
        }

        // What follows begins a segment, so that of the first one only the untouched block is left.
        while (store.Parts.Writer.Position.NextBlock + 2 <= SegmentBytes / 4096)
        {
            await WriteAsync(disk, 0, 1, 1, cancellationToken);
        }

        for (var block = 0; block < Blocks; block++)
        {
            if (block != Untouched)
            {
                await WriteAsync(disk, block, 1, 2, cancellationToken);
            }
        }

        await disk.CreateSnapshotAsync("kept", cancellationToken);
        for (var i = 0; i < 60; i++)
        {
            await WriteAsync(disk, 20 + (i * 7 % 40), 1, 3, cancellationToken);
        }

        await WriteAsync(disk, FarBlock, 2, 4, cancellationToken);
        await disk.ApplyAsync(
            Run,
            [new NumberedWrite(disk.Lineage.LastNumber + 1, 200 * 4096, 400 * 4096, default, WriteKind.Zeroes), new NumberedWrite(disk.Lineage.LastNumber + 2, 8192, 4096, default, WriteKind.Trim)],
            cancellationToken);

        // Numbers so far apart that a leaf takes two words for each run.
        var wide = await store.CreateAsync("wide", 1 << 20, cancellationToken);
        await wide.PutAsync(4096, Data(1, 5), 9, cancellationToken);
        await wide.PutAsync(5 * 4096, Data(5, 5), 1L << 40, cancellationToken);
        await wide.PutAsync(9 * 4096, Data(9, 5), 10, cancellationToken);
        await wide.AdoptLineageAsync(new Lineage([Run], 1L << 40), cancellationToken);
        await store.CheckpointAsync();
        while (await store.CleanAsync(cancellationToken))
        {
            await store.CheckpointAsync();
        }

        // What the pack holds stays in use, so the next one is beside it.
        for (var i = 0; i < 3 * (Blocks - 70); i++)
        {
            await WriteAsync(disk, 70 + (i % (Blocks - 70)), 1, 6, cancellationToken);
        }

        await disk.CreateSnapshotAsync("later", cancellationToken);
        await store.CheckpointAsync();
        await WriteAsync(disk, 0, 16, 7, cancellationToken);
        Assert.True(await store.CleanAsync(cancellationToken));
        await disk.FlushAsync(cancellationToken);
        store.Abandon();
    }

    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        await using var store = await BlockStore.OpenAsync(_options, cancellationToken);
        var disk = await store.OpenAsync("disk", cancellationToken);
        Assert.Equal((1L << 30, Run), (disk.SizeBytes, disk.Lineage.Runs.Single()));
        Assert.Equal(["kept", "later"], disk.Snapshots.Select(snapshot => snapshot.Id));
        for (var block = 0; block < 800; block++)
        {
            var kept = block >= Blocks ? 0 : block == Untouched ? 1 : 2;
            var later = block == 2 ? 0 : block is >= 20 and < 60 ? 3 : block is >= 70 and < Blocks ? 6 : kept;
            await RequireAsync(disk.OpenSnapshot("kept"), block, kept, cancellationToken);
            await RequireAsync(disk.OpenSnapshot("later"), block, later, cancellationToken);
            await RequireAsync(disk, block, block < 16 ? 7 : later, cancellationToken);
        }

        await RequireAsync(disk, FarBlock, 4, cancellationToken);
        await RequireAsync(disk, FarBlock + 1, 4, cancellationToken);
        Assert.Equal([false, true, false], disk.Extents(100 * 4096, 600 * 4096, 9).Select(extent => extent.Allocated));
        Assert.Equal([new ChangedRange(0, 16 * 4096, false)], disk.ChangedSince(disk.Snapshots[1].Lineage.LastNumber));
        var wide = await store.OpenAsync("wide", cancellationToken);
        Assert.Equal(1L << 40, wide.Lineage.LastNumber);
        foreach (var block in (int[])[1, 5, 9])
        {
            await RequireAsync(wide, block, 5, cancellationToken);
        }

        Assert.Empty(wide.ChangedSince(new Lineage([Run], 1L << 40)));
    }

    private static RunStart Run => new(1, 0x0123456789ABCDEF, 1);

    private static async Task WriteAsync(BlockVolume volume, int block, int count, byte stamp, CancellationToken cancellationToken)
    {
        var data = Enumerable.Range(block, count).SelectMany(one => Data(one, stamp)).ToArray();
        await volume.ApplyAsync(Run, [new NumberedWrite(volume.Lineage.LastNumber + 1, block * 4096L, data.Length, data, WriteKind.Data)], cancellationToken);
    }

    /// <summary>The block's number in its first four bytes, and the stamp in all others.</summary>
    private static byte[] Data(int block, byte stamp)
    {
        var data = new byte[4096];
        Array.Fill(data, stamp);
        BitConverter.TryWriteBytes(data, block);
        return data;
    }

    private static async Task RequireAsync(IBlockDevice device, int block, int stamp, CancellationToken cancellationToken)
    {
        var read = new byte[4096];
        await device.ReadAsync(block * 4096L, read, cancellationToken);
        Assert.True(read.AsSpan().SequenceEqual(stamp == 0 ? new byte[4096] : Data(block, (byte)stamp)), $"block {block} is not what was written as {stamp}");
    }
}
