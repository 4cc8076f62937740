using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Waits, not for long, until a new primary takes writes, so that an operation that has ended can be followed by a connection at
/// once. Opening is the concern of the volumes' reconciler and does not depend on the wait.
/// </summary>
internal static class OpenWait
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Of a primary here, whether it is open; of one elsewhere, whether its site said so.</summary>
    public static async ValueTask<bool> UntilOpenAsync(
        SiteContext site, VolumeDrivers drivers, Generation generation, CancellationToken cancellationToken)
    {
        var began = site.Time.GetTimestamp();
        while (true)
        {
            if (generation.Site == site.SelfText
                ? await IsOpenHereAsync(drivers, generation, cancellationToken)
                : IsSaidToBeOpen(site, generation))
            {
                return true;
            }

            if (site.Time.GetElapsedTime(began) >= Patience)
            {
                return false;
            }

            await Task.Delay(LookEvery, site.Time, cancellationToken);
        }
    }

    private static bool IsSaidToBeOpen(SiteContext site, Generation generation) =>
        Relation.OfVolume(StateView.Of(site.Replica), generation.VolumeId).Any(r => r.Source?.Generation >= generation.Number);

    private static async ValueTask<bool> IsOpenHereAsync(
        VolumeDrivers drivers, Generation generation, CancellationToken cancellationToken) =>
        drivers.Holding(generation.VolumeId) is { } driver
        && (await driver.ListLocalAsync(cancellationToken)).Any(
            l => l.VolumeId == generation.VolumeId && l.OpenGeneration >= generation.Number);
}
