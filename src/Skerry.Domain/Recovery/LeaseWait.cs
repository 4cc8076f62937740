using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>
/// Lets the lease of an old primary run out before its copy's successor is decided. No new one is granted meanwhile: the caller holds
/// the copy settled.
/// </summary>
internal static class LeaseWait
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Why the promotion must not go on; null when the old primary has certainly stopped, or never was under a lease of this site.</summary>
    public static async ValueTask<string?> UntilOverAsync(
        IReadOnlyList<IReplicaStore> stores, Generation current, bool isAutomatic, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var lease = await FindAsync(stores, current, cancellationToken);
            if (lease is null)
            {
                return isAutomatic
                    ? $"The primary of volume {current.VolumeId} does not stop by itself any more. Nothing was changed."
                    : null;
            }

            if (lease.Left <= TimeSpan.Zero)
            {
                return null;
            }

            await Task.Delay(lease.Left < LookEvery ? lease.Left : LookEvery, time, cancellationToken);
        }
    }

    /// <summary>What this site promised the primary of that generation; null when nothing.</summary>
    public static async ValueTask<LeaseStanding?> FindAsync(
        IReadOnlyList<IReplicaStore> stores, Generation current, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (await store.FindLeaseAsync(current.VolumeId, cancellationToken) is { } lease && lease.GenerationId == current.Id)
            {
                return lease;
            }
        }

        return null;
    }
}
