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
    private static readonly TimeSpan PatienceForReverse = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Of a primary here, whether it is open; of one elsewhere, whether its site said so.</summary>
    public static async ValueTask<bool> UntilOpenAsync(
        SiteContext site, VolumeDrivers drivers, Generation generation, string? replicationId, CancellationToken cancellationToken)
    {
        if (generation.Site != site.SelfText)
        {
            return replicationId is not null && await UntilAsync(
                site, replicationId, r => r.Source?.Generation >= generation.Number, Patience, cancellationToken);
        }

        var began = site.Time.GetTimestamp();
        while (drivers.Holding(generation.VolumeId) is not { } driver
            || !((await driver.FindLocalAsync(generation.VolumeId, cancellationToken))?.OpenGeneration >= generation.Number))
        {
            if (site.Time.GetElapsedTime(began) >= Patience)
            {
                return false;
            }

            await Task.Delay(LookEvery, site.Time, cancellationToken);
        }

        return true;
    }

    /// <summary>Whether the new primary said that its replica follows: one of instant mode is whole, another one has its turn with the schedule.</summary>
    public static ValueTask<bool> UntilReversedAsync(
        SiteContext site, Generation generation, string replicationId, CancellationToken cancellationToken) =>
        UntilAsync(
            site, replicationId,
            r => r.Source is { } said && said.Generation >= generation.Number
                && (r.Mode != ReplicationModes.Instant || said.State == ReplicationWords.Secondary),
            PatienceForReverse, cancellationToken);

    private static async ValueTask<bool> UntilAsync(
        SiteContext site, string replicationId, Func<Relation, bool> isSo, TimeSpan patience, CancellationToken cancellationToken)
    {
        var key = Relation.Key(replicationId);
        using var feed = site.Replica.Subscribe(changed => changed == key, maxKeys: 1);
        using var limit = new CancellationTokenSource(patience, site.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (true)
        {
            if (Relation.Find(StateView.Of(site.Replica), replicationId) is not { } relation)
            {
                return false;
            }

            if (isSo(relation))
            {
                return true;
            }

            try
            {
                await feed.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
