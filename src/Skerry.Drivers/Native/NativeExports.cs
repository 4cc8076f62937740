using Skerry.Blocks;
using Skerry.Blocks.Nbd;
using Skerry.Domain.Volumes;

namespace Skerry.Drivers.Native;

/// <summary>What this site's NBD server serves: volumes and snapshots of its block stores, to holders of a connection's secret.</summary>
public sealed class NativeExports(ExportRegistry registry, BlockStoreSet stores) : INbdExports
{
    public async ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken)
    {
        var lease = registry.Open(exportName);
        if (lease is null)
        {
            return null;
        }

        var volume = await FindAsync(lease.Grant, cancellationToken);
        var device = volume is not null && lease.Grant.SnapshotId is { } served ? OpenSnapshot(volume, served) : volume;

        // A volume that is about to be opened for writing must not look like one that is read-only for good: the client asks again.
        if (device is null || (device.IsReadOnly && !lease.Grant.ReadOnly))
        {
            lease.Dispose();
            return null;
        }

        return new NbdExport
        {
            Device = device,
            Label = lease.Grant.SnapshotId is { } snapshotId
                ? $"snapshot {snapshotId} of volume {lease.Grant.VolumeId}"
                : $"volume {lease.Grant.VolumeId}",
            Description = lease.Grant.Description,
            ReadOnly = lease.Grant.ReadOnly,
            DirtyBitmaps = new SnapshotBitmaps(volume!, lease.Grant.SnapshotId, lease.Grant.SnapshotIds.Contains),
            Revoked = lease.Revoked,
            Release = () =>
            {
                lease.Dispose();
                return ValueTask.CompletedTask;
            },
        };
    }

    private static IBlockDevice? OpenSnapshot(BlockVolume volume, string snapshotId)
    {
        try
        {
            return volume.OpenSnapshot(snapshotId);
        }
        catch (BlockException e) when (e.Error == BlockError.NotFound)
        {
            return null;
        }
    }

    private async ValueTask<BlockVolume?> FindAsync(ExportGrant grant, CancellationToken cancellationToken)
    {
        foreach (var store in stores.All.Values)
        {
            try
            {
                return await store.OpenAsync(grant.VolumeId, cancellationToken);
            }
            catch (BlockException e) when (e.Error == BlockError.NotFound)
            {
                // Another backend may hold it.
            }
        }

        return null;
    }
}
