using Skerry.Domain.Recovery;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Replication;

/// <summary>
/// Holds a copy's acknowledgements to what its relations ask, before it takes its first write: a restart must not open a gap in which
/// flushes are acknowledged that nobody else has.
/// </summary>
/// <param name="promotion">What has to be so before.</param>
/// <param name="site">This site.</param>
/// <param name="drivers">Its backends.</param>
/// <param name="movers">Those who hold acknowledgements.</param>
/// <param name="tasks">What the relations ask for.</param>
public sealed class ArmingGuard(
    PromotionGuard promotion, SiteContext site, VolumeDrivers drivers, IEnumerable<IDataMover> movers, MoverTasks tasks) : IOpenGuard
{
    private readonly IReadOnlyList<IDataMover> _movers = [.. movers];

    public async ValueTask<string?> ReasonToWaitAsync(Generation generation, CancellationToken cancellationToken)
    {
        if (await promotion.ReasonToWaitAsync(generation, cancellationToken) is { } reason)
        {
            return reason;
        }

        await FailPoint.ReachAsync(RecoveryMoments.CopyGuarded, site);
        if (drivers.Holding(generation.VolumeId) is { } driver && _movers.FirstOrDefault(m => m.Driver == driver.DriverName) is { } mover)
        {
            var state = StateView.Of(site.Replica);
            await mover.ArmAsync(
                generation.VolumeId,
                generation,
                [.. Relation.OfVolume(state, generation.VolumeId).Select(r => tasks.Of(state, r, driver.Backend, generation, null))],
                cancellationToken);
        }

        return null;
    }
}
