using System.Collections.Concurrent;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Opens what should take writes at this site, in its current generation, and measures what volumes take. What must stop is the
/// concern of <see cref="FenceReconciler"/>.
/// </summary>
public sealed class VolumeReconciler(SiteContext site, VolumeDrivers drivers, IOpenGuard? guard = null) : IReconciler
{
    private static readonly Actor Self = Actor.System("volumes");
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private const int OpenedAtOnce = 16;

    private DateTimeOffset _measuredAt = DateTimeOffset.MinValue;

    public string Name => "volumes";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Volume, EntityKinds.Generation, EntityKinds.Handover];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var reports = new ConcurrentBag<StepReport>();
        var locals = new List<LocalVolume>();
        foreach (var driver in drivers.All)
        {
            var present = await driver.ListLocalAsync(cancellationToken);
            locals.AddRange(present);

            // Side by side: each waits for the disk a few times, and a site that takes over many volumes is to have them all soon.
            await Parallel.ForEachAsync(
                present.Where(local => NeedsLook(driver, local)),
                new ParallelOptions { MaxDegreeOfParallelism = OpenedAtOnce, CancellationToken = cancellationToken },
                async (local, token) =>
                {
                    if (await OpenAsync(driver, local, token) is { } report)
                    {
                        reports.Add(report);
                    }
                });
        }

        if (locals.Count == 0)
        {
            return StepResult.Done;
        }

        if (site.Now - _measuredAt >= MeasureEvery)
        {
            await WriteMeasuresAsync(locals, cancellationToken);
            _measuredAt = site.Now;
        }

        return StepResult.After(reports.Any(r => r.IsProblem) ? RetryAfter : MeasureEvery).With([.. reports]);
    }

    /// <summary>False of what may not write, and of what is open as it should be and known to be here.</summary>
    private bool NeedsLook(IVolumeDriver driver, LocalVolume local) =>
        Permission(local.VolumeId).Generation is { } generation
        && (local.OpenGeneration != generation.Number
            || StateView.Of(site.Replica).Find(EntityKinds.Volume, local.VolumeId)?.Text(VolumeEntity.Backend) != driver.Backend);

    private async ValueTask<StepReport?> OpenAsync(IVolumeDriver driver, LocalVolume local, CancellationToken cancellationToken)
    {
        var permission = Permission(local.VolumeId);
        if (permission.Generation is not { } generation)
        {
            return null;
        }

        try
        {
            if (local.OpenGeneration != generation.Number)
            {
                if (guard is not null && await guard.ReasonToWaitAsync(generation, cancellationToken) is { } reason)
                {
                    return new StepReport($"Volume {local.VolumeId} is not opened for writing: {reason}", IsProblem: true);
                }

                await driver.OpenForWritingAsync(local.VolumeId, generation.Number, cancellationToken);
                await FailPoint.ReachAsync(Recovery.RecoveryMoments.Opened, site);

                // The right may have been lost while the volume was opening, and then its fence found nothing to stop.
                if (Permission(local.VolumeId) is { IsAllowed: false } lost)
                {
                    await driver.FenceAsync(local.VolumeId, lost.Reason!, cancellationToken);
                    return new StepReport($"Volume {local.VolumeId} was fenced while it was opening: {lost.Reason}", IsProblem: true);
                }
            }

            await WriteBackendAsync(local.VolumeId, driver.Backend, cancellationToken);
            return local.OpenGeneration == generation.Number
                ? null
                : new StepReport($"Volume {local.VolumeId} takes writes here in generation {generation.Number}.");
        }
        catch (DriverException e)
        {
            return new StepReport($"Volume {local.VolumeId} cannot be opened for writing: {e.Message}", IsProblem: true);
        }
    }

    private WritePermission Permission(string volumeId)
    {
        var state = StateView.Of(site.Replica);
        return state.Find(EntityKinds.Volume, volumeId) is null
            ? new WritePermission(null, "It was deleted.")
            : WritePermission.Of(state, site.SelfText, volumeId);
    }

    /// <summary>After a promotion the backend is the one that held the replica.</summary>
    private async ValueTask WriteBackendAsync(string volumeId, string backend, CancellationToken cancellationToken)
    {
        if (StateView.Of(site.Replica).Find(EntityKinds.Volume, volumeId)?.Text(VolumeEntity.Backend) == backend)
        {
            return;
        }

        await site.DecideAsync(
            Self,
            transaction => transaction.SetIfDifferent(
                VolumeEntity.Key(volumeId), VolumeEntity.Backend, FieldValue.FromString(backend), DomainSchema.OwnerRank),
            cancellationToken);
    }

    private async ValueTask WriteMeasuresAsync(List<LocalVolume> locals, CancellationToken cancellationToken) =>
        await site.MeasureAsync(
            Self,
            transaction =>
            {
                foreach (var local in locals.Where(l => Permission(l.VolumeId).IsAllowed))
                {
                    transaction.SetIfDifferent(
                        VolumeEntity.Key(local.VolumeId),
                        VolumeEntity.AllocatedBytes,
                        FieldValue.From(local.AllocatedBytes),
                        DomainSchema.OwnerRank);
                }
            },
            cancellationToken);
}
