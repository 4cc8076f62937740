using System.Collections.Concurrent;
using Skerry.Blocks;
using Skerry.Blocks.Nbd;
using Skerry.Domain.Volumes;

namespace Skerry.Drivers.Native;

/// <summary>What this site's NBD server serves: volumes and snapshots of its block stores, to holders of a connection's secret.</summary>
public sealed class NativeExports(ExportRegistry registry, BlockStoreSet stores, TimeProvider time) : INbdExports
{
    /// <summary>One for each volume that was connected since the start, so that all its connections share one.</summary>
    private readonly ConcurrentDictionary<string, NbdLimiter> _limiters = new(StringComparer.Ordinal);

    public async ValueTask<NbdExport?> OpenAsync(string exportName, NbdPeer peer, CancellationToken cancellationToken)
    {
        var lease = registry.Open(exportName, peer.Certificate?.CommonName);
        if (lease is null)
        {
            return null;
        }

        var volume = await FindAsync(lease.Grant, cancellationToken);
        if (volume is { IsLocked: true })
        {
            // Encrypted, and its key is not here: no read would ever succeed.
            volume = null;
        }

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
            Limiter = LimiterOf(lease.Grant.VolumeId),
            DirtyBitmaps = new SnapshotBitmaps(volume!, lease.Grant.SnapshotId, lease.Grant.SnapshotIds.Contains),
            Revoked = lease.Revoked,
            Release = () =>
            {
                lease.Dispose();
                return ValueTask.CompletedTask;
            },
        };
    }

    /// <summary>A client that proved its name sees what is connected for it, by ids that open nothing for others; all others see nothing.</summary>
    public ValueTask<IReadOnlyList<NbdListing>> ListAsync(NbdPeer peer, CancellationToken cancellationToken) => new(
        peer.Certificate is { CommonName.Length: > 0 } certificate
            ? [.. registry.For(certificate.CommonName).Select(grant => new NbdListing(grant.ConnectionId, grant.Description))]
            : Array.Empty<NbdListing>());

    /// <summary>Holds what is connected to the rates of this moment.</summary>
    public void RefreshRates()
    {
        foreach (var volumeId in _limiters.Keys)
        {
            if (registry.RatesOf(volumeId) is null)
            {
                _limiters.TryRemove(volumeId, out _);
            }
            else
            {
                LimiterOf(volumeId);
            }
        }
    }

    private static NbdRate Rate(VolumeRate rate) => new(rate.PerSecond, rate.Burst);

    private NbdLimiter LimiterOf(string volumeId)
    {
        var limiter = _limiters.GetOrAdd(volumeId, _ => new NbdLimiter(time));
        lock (limiter)
        {
            // Read inside, or an older reading could overtake a newer one.
            var rates = registry.RatesOf(volumeId) ?? VolumeRates.Unlimited;
            limiter.Limits = new()
            {
                TotalOperations = Rate(rates.TotalOperations),
                ReadOperations = Rate(rates.ReadOperations),
                WriteOperations = Rate(rates.WriteOperations),
                TotalBytes = Rate(rates.TotalBytes),
                ReadBytes = Rate(rates.ReadBytes),
                WriteBytes = Rate(rates.WriteBytes),
            };
        }

        return limiter;
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
