using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>That a site has a snapshot: an entity of its own, <c>snapshot/site</c>, which that site alone writes and deletes.</summary>
internal static class SnapshotCopy
{
    public const string SnapshotIdField = "snapshot_id";
    public const string VolumeIdField = "volume_id";
    public const string SiteField = "site";

    public static EntityKey Key(string snapshotId, string site) => new(EntityKinds.SnapshotCopy, $"{snapshotId}/{site}");

    public static void Write(ITransaction transaction, string snapshotId, string volumeId, string site)
    {
        var key = Key(snapshotId, site);
        transaction.Revive(key);
        transaction.Set(key, SnapshotIdField, snapshotId);
        transaction.Set(key, VolumeIdField, volumeId);
        transaction.Set(key, SiteField, site);
    }

    public static void Remove(ITransaction transaction, string snapshotId, string site)
    {
        if (transaction.Find(Key(snapshotId, site)) is { IsDeleted: false })
        {
            transaction.Delete(Key(snapshotId, site));
        }
    }

    /// <summary>The sites that say that they have it, by id.</summary>
    public static IReadOnlyList<string> SitesOf(StateView state, string snapshotId) =>
        [.. state.ListByPrefix(EntityKinds.SnapshotCopy, snapshotId + "/").Select(c => c.Text(SiteField, ""))];
}
