namespace Skerry.Blocks.Tests.Model;

/// <summary>Whether a store holds what a model says.</summary>
internal static class StoreComparison
{
    /// <summary>Null when the store holds exactly this; else the first difference.</summary>
    /// <param name="state">What it should hold.</param>
    /// <param name="store">What is looked at, whole.</param>
    /// <param name="damaged">True where a block may be a named error instead of its bytes.</param>
    public static async Task<string?> DifferenceAsync(ModelStore state, BlockStore store, bool damaged = false)
    {
        if (!state.Volumes.Keys.SequenceEqual(store.VolumeIds.Order(StringComparer.Ordinal)))
        {
            return $"volumes {string.Join(',', store.VolumeIds)} instead of {string.Join(',', state.Volumes.Keys)}";
        }

        foreach (var expected in state.Volumes.Values)
        {
            var volume = await store.OpenAsync(expected.Id, CancellationToken.None);
            var difference =
                volume.SizeBytes != expected.Size ? $"size {volume.SizeBytes} instead of {expected.Size}"
                : !volume.Lineage.Equals(expected.Lineage) ? $"{volume.Lineage} instead of {expected.Lineage}"
                : volume.CatchUpUnfinished != expected.CatchingUp ? $"catching up: {volume.CatchUpUnfinished}"
                : await DifferenceAsync(volume, expected.Disk, damaged)
                ?? PropertyDifference(volume, expected)
                ?? await SnapshotDifferenceAsync(volume, expected, damaged);
            if (difference is not null)
            {
                return $"{expected.Id}: {difference}";
            }
        }

        return null;
    }

    public static async Task<string?> DifferenceAsync(IBlockDevice device, ModelDisk expected, bool damaged = false)
    {
        var bytes = new byte[device.SizeBytes];
        try
        {
            await device.ReadAsync(0, bytes, CancellationToken.None);
        }
        catch (BlockException e) when (damaged && e.Error == BlockError.Corrupt)
        {
            return await DifferenceByBlockAsync(device, expected);
        }

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

    private static async Task<string?> DifferenceByBlockAsync(IBlockDevice device, ModelDisk expected)
    {
        for (var block = 0; block * 4096L < device.SizeBytes; block++)
        {
            var bytes = new byte[Math.Min(4096, device.SizeBytes - (block * 4096L))];
            try
            {
                await device.ReadAsync(block * 4096L, bytes, CancellationToken.None);
            }
            catch (BlockException e) when (e.Error == BlockError.Corrupt)
            {
                continue;
            }

            if (!bytes.AsSpan().SequenceEqual(expected.Block(block).AsSpan(0, bytes.Length)))
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

    private static async Task<string?> SnapshotDifferenceAsync(BlockVolume volume, ModelVolume expected, bool damaged)
    {
        if (!volume.Snapshots.Select(s => (s.Id, s.Lineage, s.SizeBytes)).SequenceEqual(expected.Snapshots.Select(s => (s.Id, s.Lineage, s.Size))))
        {
            return $"snapshots {string.Join(',', volume.Snapshots)}";
        }

        foreach (var snapshot in expected.Snapshots)
        {
            if (await DifferenceAsync(volume.OpenSnapshot(snapshot.Id), snapshot.Disk, damaged) is { } difference)
            {
                return $"snapshot {snapshot.Id}: {difference}";
            }
        }

        return null;
    }
}
