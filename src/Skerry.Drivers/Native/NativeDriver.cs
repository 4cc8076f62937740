using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Domain.Volumes;

namespace Skerry.Drivers.Native;

/// <summary>Volumes in Skerry's own block store. A volume has the same name in the store as in the cloud: its id.</summary>
/// <remarks>
/// The store orders and logs what is done to one volume. What this class adds is that opening and fencing one volume exclude each
/// other, so that a fence that comes while the volume is being opened is not lost.
/// </remarks>
/// <param name="backend">The backend's name.</param>
/// <param name="store">Its block store; not owned.</param>
/// <param name="exports">What is attached.</param>
/// <param name="onDamage">Told of each bad range that a check meets, with the file and the place that tenants may not see.</param>
public sealed class NativeDriver(string backend, BlockStore store, ExportRegistry exports, Action<IntegrityFinding>? onDamage = null) : IVolumeDriver, IVolumeKeys, IVolumeChecker, IVolumeSurveyor, ISnapshotDiffer
{
    /// <summary>The driver's name in the configuration.</summary>
    public const string Name = "native";

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _runLocks = new(StringComparer.Ordinal);

    public string Backend => backend;

    public string DriverName => Name;

    public DriverCapabilities Capabilities { get; } = new(Snapshots: true, Clones: true, NativeReplication: true);

    public IVolumeKeys Keys => this;

    public ValueTask<BackendSpace> MeasureAsync(CancellationToken cancellationToken) => CallAsync(() =>
    {
        var space = store.Space;
        return ValueTask.FromResult(new BackendSpace(space.TotalBytes, space.FreeBytes, space.AllocatedBytes)
        {
            LiveBytes = space.LiveBytes,
            DeadBytes = space.DeadBytes,
        });
    });

    public bool Holds(string volumeId) => store.Find(volumeId) is not null;

    public async ValueTask<IReadOnlyList<LocalVolume>> ListLocalAsync(CancellationToken cancellationToken)
    {
        var locals = new List<LocalVolume>();
        foreach (var id in store.VolumeIds.Order(StringComparer.Ordinal))
        {
            if (await FindLocalAsync(id, cancellationToken) is { } local)
            {
                locals.Add(local);
            }
        }

        return locals;
    }

    public async ValueTask<LocalVolume?> FindLocalAsync(string volumeId, CancellationToken cancellationToken) =>
        await FindAsync(volumeId, cancellationToken) is { } volume
            ? new LocalVolume(volumeId, volume.SizeBytes, volume.AllocatedBytes, OpenGeneration(volume), [.. volume.Snapshots.Select(s => s.Id)])
            : null;

    public ValueTask CreateAsync(NewVolume volume, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        if (await FindAsync(volume.VolumeId, cancellationToken) is { } present)
        {
            await CompleteAsync(volume, present, cancellationToken);
            return;
        }

        RequireRoom(volume.VolumeId, volume.SizeBytes);
        if (volume.SourceVolumeId is null)
        {
            _ = volume.IsEncrypted
                ? await store.CreateAsync(volume.VolumeId, volume.SizeBytes, VolumeKey.Create(), cancellationToken)
                : await store.CreateAsync(volume.VolumeId, volume.SizeBytes, cancellationToken);
            return;
        }

        var clone = await store.CloneAsync(volume.VolumeId, volume.SourceVolumeId, volume.SourceSnapshotId, cancellationToken);
        await CompleteAsync(volume, clone, cancellationToken);
    });

    public ValueTask DeleteAsync(string volumeId, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        await FenceAsync(volumeId, "it is deleted", cancellationToken);
        await store.DeleteAsync(volumeId, cancellationToken);
        _runLocks.TryRemove(volumeId, out _);
    });

    public ValueTask ExtendAsync(string volumeId, long sizeBytes, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var volume = await store.OpenAsync(volumeId, cancellationToken);
        if (volume.SizeBytes < sizeBytes)
        {
            RequireRoom(volumeId, sizeBytes);
            await volume.ExtendAsync(sizeBytes, cancellationToken);
        }
    });

    public ValueTask<string> CreateSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var volume = await store.OpenAsync(volumeId, cancellationToken);
        var snapshot = volume.Snapshots.FirstOrDefault(s => s.Id == snapshotId)
            ?? await volume.CreateSnapshotAsync(snapshotId, cancellationToken);
        return snapshot.Lineage.ToString();
    });

    public ValueTask DeleteSnapshotAsync(string volumeId, string snapshotId, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        if (await FindAsync(volumeId, cancellationToken) is { } volume)
        {
            await volume.DeleteSnapshotAsync(snapshotId, cancellationToken);
        }
    });

    public ValueTask RevertAsync(string volumeId, string snapshotId, CancellationToken cancellationToken) => CallAsync(() =>
    {
        exports.RevokeVolume(volumeId);
        return WithRunLockAsync(
            volumeId,
            async () =>
            {
                var volume = await store.OpenAsync(volumeId, cancellationToken);
                if (volume.Snapshots.All(s => s.Id != snapshotId))
                {
                    throw new DriverException(DriverError.NotFound, $"Volume {volumeId} has no snapshot {snapshotId}.");
                }

                var open = OpenGeneration(volume);
                if (open is not null)
                {
                    await volume.EndRunAsync(cancellationToken);
                }

                await volume.RevertToSnapshotAsync(snapshotId, CancellationToken.None);
                if (open is { } generation)
                {
                    await volume.BeginRunAsync(generation, CancellationToken.None);
                }
            },
            cancellationToken);
    });

    public ValueTask OpenForWritingAsync(string volumeId, long generation, CancellationToken cancellationToken) => CallAsync(() =>
        WithRunLockAsync(
            volumeId,
            async () =>
            {
                var volume = await store.OpenAsync(volumeId, cancellationToken);
                if (OpenGeneration(volume) is { } open)
                {
                    if (open == generation)
                    {
                        return;
                    }

                    if (open > generation)
                    {
                        throw new DriverException(
                            DriverError.Mismatch, $"Volume {volumeId} is open in generation {open}, which is above {generation}.");
                    }

                    await volume.EndRunAsync(cancellationToken);
                }

                await volume.BeginRunAsync(generation, cancellationToken);
            },
            cancellationToken));

    /// <remarks>The exports go first: what a client still sends is not worth finishing, and its connection may be slow to end.</remarks>
    public ValueTask FenceAsync(string volumeId, string reason, CancellationToken cancellationToken) => CallAsync(() =>
    {
        exports.RevokeVolume(volumeId);
        return WithRunLockAsync(
            volumeId,
            async () =>
            {
                if (await FindAsync(volumeId, cancellationToken) is { IsReadOnly: false } volume)
                {
                    await volume.EndRunAsync(cancellationToken);
                }
            },
            cancellationToken);
    });

    public string WrapFor(string volumeId, string certificatePem, string? present)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(certificatePem);
            using var holder = certificate.GetECDsaPublicKey() ?? throw new CryptographicException("the certificate has no key on P-256");
            var volume = store.Find(volumeId) ?? throw new BlockException(BlockError.NotFound, $"there is no volume '{volumeId}'");
            if (present is not null && WrappedKey.Parse(present) is { } known && known.IsFor(holder) && known.KeyId == volume.WrappedKey?.KeyId)
            {
                return present;
            }

            return volume.WrapKeyFor(holder).ToString();
        }
        catch (CryptographicException e)
        {
            throw new DriverException(DriverError.Failed, $"The key of volume {volumeId} cannot be wrapped: {e.Message}.", e);
        }
        catch (BlockException e)
        {
            throw Translate(e);
        }
    }

    public string? WhyLocked(string volumeId) => store.Find(volumeId)?.WhyLocked;

    public ValueTask<VolumeCheck> CheckAsync(string volumeId, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        const int most = 1000;
        var report = await store.VerifyAsync(volumeId, null, cancellationToken);
        foreach (var finding in report.Findings)
        {
            onDamage?.Invoke(finding);
        }

        return new VolumeCheck(
            report.VerifiedBytes, report.BadBytes, report.HealedBytes,
            [
                .. report.Findings.Take(most).Select(finding => new BadRange(
                    finding.SnapshotId, finding.OffsetBytes ?? 0, finding.LengthBytes ?? 0, finding.IsHealed)),
            ]);
    });

    public ValueTask<VolumeUsage> SurveyAsync(string volumeId, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var order = (await store.OpenAsync(volumeId, cancellationToken)).Snapshots;
        var survey = await store.SurveyAsync(cancellationToken);
        var space = survey.Volumes.FirstOrDefault(volume => volume.VolumeId == volumeId)
            ?? throw new DriverException(DriverError.NotFound, $"Backend {backend}: volume '{volumeId}' was deleted meanwhile.");
        return new VolumeUsage(
            space.AllocatedBytes, space.ExclusiveBytes, space.SharedBytes, space.HeadBytes,
            [.. order.Where(snapshot => space.Snapshots.ContainsKey(snapshot.Id)).Select(snapshot => new SnapshotUsage(snapshot.Id, space.Snapshots[snapshot.Id]))],
            survey.IsComplete);
    });

    public ValueTask<SnapshotDifference> DifferenceAsync(
        string volumeId, string snapshotId, string? againstSnapshotId, long offsetBytes, int mostRanges, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        var volume = await store.OpenAsync(volumeId, cancellationToken);
        if (againstSnapshotId is null && volume.CatchUpUnfinished)
        {
            throw new DriverException(
                DriverError.Mismatch, $"The copy of volume {volumeId} here is being brought up; ask again when that is done, or against a snapshot.");
        }

        var sizes = volume.Snapshots.Where(s => s.Id == snapshotId || s.Id == againstSnapshotId).Select(s => s.SizeBytes);
        var size = againstSnapshotId is null ? volume.SizeBytes : sizes.Max();
        var ranges = new List<DifferingRange>();
        foreach (var range in volume.Difference(snapshotId, againstSnapshotId, offsetBytes, Math.Max(0, size - offsetBytes)))
        {
            if (ranges.Count > 0 && ranges[^1] is var last && range.OffsetBytes <= last.OffsetBytes + last.LengthBytes)
            {
                var end = Math.Max(last.OffsetBytes + last.LengthBytes, range.OffsetBytes + range.LengthBytes);
                ranges[^1] = last with { LengthBytes = end - last.OffsetBytes };
            }
            else if (ranges.Count == mostRanges)
            {
                return new SnapshotDifference(size, ranges, range.OffsetBytes);
            }
            else
            {
                ranges.Add(new DifferingRange(range.OffsetBytes, range.LengthBytes));
            }
        }

        return new SnapshotDifference(size, ranges, null);
    });

    private static long? OpenGeneration(BlockVolume volume) =>
        !volume.IsReadOnly && volume.Lineage.Runs is [.., var run] ? run.Generation : null;

    /// <summary>A clone has its source's size at first: growing it is the rest of making it, also after a crash in between.</summary>
    private static async ValueTask CompleteAsync(NewVolume wanted, BlockVolume volume, CancellationToken cancellationToken)
    {
        if (wanted.SourceVolumeId is not null && volume.SizeBytes < wanted.SizeBytes)
        {
            await volume.ExtendAsync(wanted.SizeBytes, cancellationToken);
        }
        else if (volume.SizeBytes != wanted.SizeBytes)
        {
            throw new DriverException(
                DriverError.Mismatch,
                $"Volume {wanted.VolumeId} is there with {volume.SizeBytes} bytes, and {wanted.SizeBytes} were asked for.");
        }

        if (volume.IsEncrypted != wanted.IsEncrypted)
        {
            throw new DriverException(
                DriverError.Mismatch,
                $"Volume {wanted.VolumeId} is there {(volume.IsEncrypted ? "encrypted" : "in the clear")}, and the other was asked for.");
        }
    }

    /// <summary>Space is taken as it is written; what can never be filled is refused at once.</summary>
    private void RequireRoom(string volumeId, long sizeBytes)
    {
        var total = store.Space.TotalBytes;
        if (sizeBytes > total)
        {
            throw new DriverException(
                DriverError.NoSpace, $"Volume {volumeId} of {sizeBytes} bytes can never fit on backend {backend}, which has {total} bytes.");
        }
    }

    private async ValueTask<BlockVolume?> FindAsync(string volumeId, CancellationToken cancellationToken)
    {
        try
        {
            return await store.OpenAsync(volumeId, cancellationToken);
        }
        catch (BlockException e) when (e.Error == BlockError.NotFound)
        {
            return null;
        }
    }

    private async ValueTask WithRunLockAsync(string volumeId, Func<ValueTask> body, CancellationToken cancellationToken)
    {
        var runLock = _runLocks.GetOrAdd(volumeId, _ => new SemaphoreSlim(1, 1));
        await runLock.WaitAsync(cancellationToken);
        try
        {
            await body();
        }
        finally
        {
            runLock.Release();
        }
    }

    private ValueTask CallAsync(Func<ValueTask> call) => new(CallAsync<bool>(async () =>
    {
        await call();
        return true;
    }).AsTask());

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        try
        {
            return await call();
        }
        catch (BlockException e)
        {
            throw Translate(e);
        }
    }

    private DriverException Translate(BlockException e)
    {
        var error = e.Error switch
        {
            BlockError.NotFound => DriverError.NotFound,
            BlockError.NoSpace => DriverError.NoSpace,
            BlockError.Exists or BlockError.Refused or BlockError.OutOfRange or BlockError.Locked => DriverError.Mismatch,
            _ => DriverError.Failed,
        };
        return new DriverException(error, $"Backend {backend}: {e.Message}.", e);
    }
}
