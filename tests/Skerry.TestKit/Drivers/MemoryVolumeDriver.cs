using System.Collections.Concurrent;
using System.Collections.Immutable;
using Skerry.Domain.Volumes;

namespace Skerry.TestKit.Drivers;

/// <summary>What a <see cref="MemoryVolumeDriver"/> keeps over restarts.</summary>
public sealed class MemoryDisk
{
    internal ConcurrentDictionary<string, MemoryVolume> Volumes { get; } = new(StringComparer.Ordinal);
}

internal sealed class MemoryVolume(long sizeBytes, ImmutableDictionary<long, byte[]> blocks)
{
    public long SizeBytes { get; set; } = sizeBytes;

    public long HighestGeneration { get; set; }

    public ImmutableDictionary<long, byte[]> Blocks { get; set; } = blocks;

    public ConcurrentDictionary<string, ImmutableDictionary<long, byte[]>> Snapshots { get; } = new(StringComparer.Ordinal);
}

/// <summary>A driver whose backend is memory, for tests of what stands above drivers. It passes the drivers' conformance suite.</summary>
public sealed class MemoryVolumeDriver(string backend, MemoryDisk disk, long totalBytes = 100L << 30) : IVolumeDriver
{
    private const int BlockBytes = 4096;
    private readonly ConcurrentDictionary<string, long> _open = new(StringComparer.Ordinal);

    /// <summary>Awaited before each call has an effect, with the call's name; may throw in place of it.</summary>
    public Func<string, string, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Awaited after each call has had its effect; may throw, as when the process dies before it hears.</summary>
    public Func<string, string, Task> After { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Space that something else than its volumes takes.</summary>
    public long TakenBytes { get; set; }

    public string Backend => backend;

    public string DriverName => "native";

    public DriverCapabilities Capabilities { get; } = new(Snapshots: true, Clones: true, NativeReplication: false);

    public ValueTask<BackendSpace> MeasureAsync(CancellationToken cancellationToken)
    {
        var allocated = disk.Volumes.Values.Sum(v => (long)v.Blocks.Count * BlockBytes);
        return ValueTask.FromResult(new BackendSpace(totalBytes, totalBytes - allocated - TakenBytes, allocated));
    }

    public bool Holds(string volumeId) => disk.Volumes.ContainsKey(volumeId);

    public ValueTask<IReadOnlyList<LocalVolume>> ListLocalAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<LocalVolume>>(
        [
            .. disk.Volumes.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new LocalVolume(
                v.Key,
                v.Value.SizeBytes,
                (long)v.Value.Blocks.Count * BlockBytes,
                _open.TryGetValue(v.Key, out var generation) ? generation : null,
                [.. v.Value.Snapshots.Keys.Order(StringComparer.Ordinal)])),
        ]);

    public ValueTask CreateAsync(NewVolume volume, CancellationToken cancellationToken) => CallAsync("create", volume.VolumeId, () =>
    {
        if (disk.Volumes.TryGetValue(volume.VolumeId, out var present))
        {
            if (present.SizeBytes != volume.SizeBytes)
            {
                throw new DriverException(DriverError.Mismatch, $"Volume {volume.VolumeId} is there with another size.");
            }

            return;
        }

        if (volume.SizeBytes > totalBytes)
        {
            throw new DriverException(DriverError.NoSpace, $"Backend {backend} has no room for volume {volume.VolumeId}.");
        }

        var content = ImmutableDictionary<long, byte[]>.Empty;
        if (volume.SourceVolumeId is { } sourceId)
        {
            var source = Get(sourceId);
            content = volume.SourceSnapshotId is null ? source.Blocks
                : source.Snapshots.TryGetValue(volume.SourceSnapshotId, out var snapshot) ? snapshot
                : throw new DriverException(DriverError.NotFound, $"Volume {sourceId} has no snapshot {volume.SourceSnapshotId}.");
        }

        disk.Volumes[volume.VolumeId] = new MemoryVolume(volume.SizeBytes, content);
    });

    public ValueTask DeleteAsync(string volumeId, CancellationToken cancellationToken) => CallAsync("delete", volumeId, () =>
    {
        _open.TryRemove(volumeId, out _);
        disk.Volumes.TryRemove(volumeId, out _);
    });

    public ValueTask ExtendAsync(string volumeId, long sizeBytes, CancellationToken cancellationToken) => CallAsync("extend", volumeId, () =>
    {
        if (sizeBytes > totalBytes)
        {
            throw new DriverException(DriverError.NoSpace, $"Backend {backend} has no room for volume {volumeId}.");
        }

        var volume = Get(volumeId);
        volume.SizeBytes = Math.Max(volume.SizeBytes, sizeBytes);
    });

    public async ValueTask<string> CreateSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken)
    {
        await CallAsync("snapshot", volumeId, () =>
        {
            var volume = Get(volumeId);
            volume.Snapshots.TryAdd(snapshotId, volume.Blocks);
        });
        return $"snapshot {snapshotId}";
    }

    public ValueTask DeleteSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken) =>
        CallAsync("delete-snapshot", volumeId, () =>
        {
            if (disk.Volumes.TryGetValue(volumeId, out var volume))
            {
                volume.Snapshots.TryRemove(snapshotId, out _);
            }
        });

    public ValueTask RevertAsync(string volumeId, string snapshotId, CancellationToken cancellationToken) =>
        CallAsync("revert", volumeId, () =>
        {
            var volume = Get(volumeId);
            volume.Blocks = volume.Snapshots.TryGetValue(snapshotId, out var snapshot)
                ? snapshot
                : throw new DriverException(DriverError.NotFound, $"Volume {volumeId} has no snapshot {snapshotId}.");
        });

    public ValueTask OpenForWritingAsync(string volumeId, long generation, CancellationToken cancellationToken) =>
        CallAsync("open", volumeId, () =>
        {
            var volume = Get(volumeId);
            if (generation < volume.HighestGeneration)
            {
                throw new DriverException(DriverError.Mismatch, $"Volume {volumeId} has had generation {volume.HighestGeneration}.");
            }

            volume.HighestGeneration = generation;
            _open[volumeId] = generation;
        });

    public ValueTask FenceAsync(string volumeId, string reason, CancellationToken cancellationToken) =>
        CallAsync("fence", volumeId, () => _open.TryRemove(volumeId, out _));

    /// <summary>One block's content, as a client of an export would write it.</summary>
    /// <exception cref="InvalidOperationException">The volume takes no writes.</exception>
    public void Write(string volumeId, long block, byte[] content)
    {
        if (!_open.ContainsKey(volumeId))
        {
            throw new InvalidOperationException($"Volume {volumeId} takes no writes.");
        }

        var volume = Get(volumeId);
        volume.Blocks = volume.Blocks.SetItem(block, content);
    }

    public byte[] Read(string volumeId, string? snapshotId, long block)
    {
        var volume = Get(volumeId);
        var blocks = snapshotId is null ? volume.Blocks : volume.Snapshots[snapshotId];
        return blocks.GetValueOrDefault(block) ?? new byte[BlockBytes];
    }

    private MemoryVolume Get(string volumeId) => disk.Volumes.TryGetValue(volumeId, out var volume)
        ? volume
        : throw new DriverException(DriverError.NotFound, $"Backend {backend} holds no volume {volumeId}.");

    private async ValueTask CallAsync(string call, string volumeId, Action effect)
    {
        await Before(call, volumeId);
        effect();
        await After(call, volumeId);
    }
}
