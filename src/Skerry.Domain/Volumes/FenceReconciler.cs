namespace Skerry.Domain.Volumes;

/// <summary>
/// Stops what takes writes at this site and must not: the one step that has to follow the news within a second, so it does nothing
/// else and waits for nobody.
/// </summary>
public sealed class FenceReconciler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IReconciler
{
    private static readonly Actor Self = Actor.System("fence");

    public string Name => "fence";

    public IReadOnlyCollection<string> Kinds { get; } = [EntityKinds.Generation, EntityKinds.Handover, EntityKinds.Volume];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var reports = new List<StepReport>();
        foreach (var driver in drivers.All)
        {
            foreach (var local in await driver.ListLocalAsync(cancellationToken))
            {
                if (local.OpenGeneration is { } open && ReasonToFence(local.VolumeId) is { } reason)
                {
                    exports.RevokeVolume(local.VolumeId);
                    await driver.FenceAsync(local.VolumeId, reason, cancellationToken);
                    await FailPoint.ReachAsync(Recovery.RecoveryMoments.Fenced, site);
                    reports.Add(new StepReport($"Volume {local.VolumeId} was fenced in generation {open}: {reason}", IsProblem: true));
                }
            }
        }

        await EndConnectionsAsync(cancellationToken);
        return StepResult.Done.With(reports);
    }

    private bool IsRightLost(StateView state, string volumeId) =>
        ReasonToFence(volumeId) is not null && (state.Find(EntityKinds.Volume, volumeId) is null
            || !WritePermission.Of(site.SelfText, Generations.Primary(state, volumeId)).IsAllowed);

    private string? ReasonToFence(string volumeId)
    {
        var state = StateView.Of(site.Replica);
        if (state.Find(EntityKinds.Volume, volumeId) is not { } volume)
        {
            return "It was deleted.";
        }

        // Open and without a generation is the moment before its creation is written down; nobody can connect to it yet.
        var primary = Generations.Primary(state, volumeId);
        return primary is null && volume.Text(VolumeEntity.Status) is null
            ? null
            : WritePermission.Of(state, site.SelfText, volumeId).Reason;
    }

    /// <summary>
    /// A connection to a copy that lost its right to write is void; it does not come to life when the right returns. A handover only
    /// holds the right back: if it is undone, those who were connected go on.
    /// </summary>
    private async ValueTask EndConnectionsAsync(CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        var involved = state.List(EntityKinds.Connection)
            .Where(c => c.Text("site") == site.SelfText && c.Text("snapshot_id") is null
                && c.Text("volume_id") is { } volumeId && IsRightLost(state, volumeId))
            .Select(c => c.Key)
            .ToList();
        if (involved.Count == 0)
        {
            return;
        }

        await site.DecideAsync(
            Self,
            transaction =>
            {
                involved.ForEach(transaction.Delete);
                return default(Unit);
            },
            cancellationToken);
        involved.ForEach(key => exports.RevokeConnection(key.Id));
    }
}
