using System.Collections.Immutable;

namespace Skerry.Blocks.Tests;

/// <summary>What a disk holds: blocks that are never changed in place, so that a state can be kept for the price of its list.</summary>
internal sealed class ModelDisk
{
    private static readonly byte[] Zero = new byte[4096];

    public ImmutableArray<byte[]> Blocks { get; private init; } = [];

    public static ModelDisk Empty { get; } = new();

    public byte[] Block(int index) => index < Blocks.Length ? Blocks[index] : Zero;

    public ModelDisk Write(long offset, ReadOnlySpan<byte> data)
    {
        var blocks = Blocks.ToBuilder();
        while (blocks.Count * 4096L < offset + data.Length)
        {
            blocks.Add(Zero);
        }

        for (var done = 0; done < data.Length;)
        {
            var index = (int)((offset + done) / 4096);
            var inBlock = (int)((offset + done) % 4096);
            var count = Math.Min(4096 - inBlock, data.Length - done);
            var block = (byte[])blocks[index].Clone();
            data.Slice(done, count).CopyTo(block.AsSpan(inBlock));
            blocks[index] = block;
            done += count;
        }

        return new ModelDisk { Blocks = blocks.ToImmutable() };
    }

    public byte[] Read(long offset, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length;)
        {
            var inBlock = (int)((offset + i) % 4096);
            var count = Math.Min(4096 - inBlock, length - i);
            Block((int)((offset + i) / 4096)).AsSpan(inBlock, count).CopyTo(bytes.AsSpan(i));
            i += count;
        }

        return bytes;
    }

    public bool SameBlock(ModelDisk other, int index) =>
        ReferenceEquals(Block(index), other.Block(index)) || Block(index).AsSpan().SequenceEqual(other.Block(index));
}

internal sealed record ModelSnapshot(string Id, Lineage Lineage, ModelDisk Disk, long Size);

internal sealed record ModelVolume(string Id, long Size, ModelDisk Disk, Lineage Lineage, bool CatchingUp)
{
    public ImmutableList<ModelSnapshot> Snapshots { get; init; } = [];

    public ImmutableSortedDictionary<string, byte[]> Properties { get; init; } = ImmutableSortedDictionary<string, byte[]>.Empty;

    public ModelVolume Wrote(ModelDisk disk) => this with { Disk = disk, Lineage = new Lineage(Lineage.Runs, Lineage.LastNumber + 1) };
}

/// <summary>A state of a whole store. Immutable, so that all states that a crash may leave can be kept.</summary>
internal sealed record ModelStore(ImmutableSortedDictionary<string, ModelVolume> Volumes)
{
    public static ModelStore Empty { get; } = new(ImmutableSortedDictionary<string, ModelVolume>.Empty);

    public ModelVolume this[string id] => Volumes[id];

    public ModelStore With(ModelVolume volume) => new(Volumes.SetItem(volume.Id, volume));

    /// <summary>Null when the store holds exactly this; else the first difference.</summary>
    public async Task<string?> DifferenceTo(BlockStore store)
    {
        if (!Volumes.Keys.SequenceEqual(store.VolumeIds.Order(StringComparer.Ordinal)))
        {
            return $"volumes {string.Join(',', store.VolumeIds)} instead of {string.Join(',', Volumes.Keys)}";
        }

        foreach (var expected in Volumes.Values)
        {
            var volume = await store.OpenAsync(expected.Id, CancellationToken.None);
            var difference =
                volume.SizeBytes != expected.Size ? $"size {volume.SizeBytes} instead of {expected.Size}"
                : !volume.Lineage.Equals(expected.Lineage) ? $"{volume.Lineage} instead of {expected.Lineage}"
                : volume.CatchUpUnfinished != expected.CatchingUp ? $"catching up: {volume.CatchUpUnfinished}"
                : await Difference(volume, expected.Disk)
                ?? PropertyDifference(volume, expected)
                ?? await SnapshotDifference(volume, expected);
            if (difference is not null)
            {
                return $"{expected.Id}: {difference}";
            }
        }

        return null;
    }

    public static async Task<string?> Difference(IBlockDevice device, ModelDisk expected)
    {
        var bytes = new byte[device.SizeBytes];
        await device.ReadAsync(0, bytes, CancellationToken.None);
        for (var block = 0; block * 4096L < bytes.Length; block++)
        {
            var length = (int)Math.Min(4096, bytes.Length - (block * 4096L));
            if (!bytes.AsSpan(block * 4096, length).SequenceEqual(expected.Block(block).AsSpan(0, length)))
            {
                return $"block {block} differs";
            }
        }

        return null;
    }

    private static string? PropertyDifference(BlockVolume volume, ModelVolume expected)
    {
        foreach (var name in new[] { "p0", "p1", "p2" })
        {
            var stored = volume.GetProperty(name);
            var wanted = expected.Properties.GetValueOrDefault(name);
            if (stored is null != wanted is null || (wanted is not null && !stored!.Value.Span.SequenceEqual(wanted)))
            {
                return $"property {name} differs";
            }
        }

        return null;
    }

    private static async Task<string?> SnapshotDifference(BlockVolume volume, ModelVolume expected)
    {
        if (!volume.Snapshots.Select(s => (s.Id, s.Lineage, s.SizeBytes)).SequenceEqual(expected.Snapshots.Select(s => (s.Id, s.Lineage, s.Size))))
        {
            return $"snapshots {string.Join(',', volume.Snapshots)}";
        }

        foreach (var snapshot in expected.Snapshots)
        {
            if (await Difference(volume.OpenSnapshot(snapshot.Id), snapshot.Disk) is { } difference)
            {
                return $"snapshot {snapshot.Id}: {difference}";
            }
        }

        return null;
    }
}
