using System.Globalization;
using Skerry.Domain.Groups;
using Skerry.Domain.Volumes;
using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>
/// The states of past runs that a replication keeps, as snapshots of the volume: named recovery points that are at both sides under one
/// id, each for as long as that side's <see cref="Retention"/> says.
/// </summary>
/// <remarks>
/// The entity is written before the mover takes the snapshot, with an id that follows from the run and its primary, so that a crash in between leaves
/// nothing that nobody knows of. It is "creating" until a site has it, and is deleted when no site has it any more.
/// </remarks>
internal static class RunSnapshot
{
    private const string ReplicationIdField = "replication_id";
    private const string ReleasedField = "released_at";

    /// <summary>Each primary's own: one that took over makes the run that its predecessor did not finish, and of another state.</summary>
    public static string IdOf(Relation relation, string generationId, DateTimeOffset run) =>
        Ids.Derived("run", $"{relation.Id}/{generationId}/{run.UtcTicks.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>That of a run which ships the cut of a group. A cut that was not taken leaves its id unused for ever.</summary>
    public static string IdOf(Relation relation, Cut cut) => Ids.Derived("run", $"{relation.Id}/{cut.Id}");

    /// <summary>True for a snapshot that a replication took for itself, not a person.</summary>
    public static bool IsOne(Entity snapshot) => snapshot.Text(ReplicationIdField) is not null;

    /// <summary>When a person deleted it while a replica keeps it for as long as its retention says; null when nobody did.</summary>
    public static DateTimeOffset? ReleasedAt(Entity snapshot) => snapshot.Instant(ReleasedField);

    /// <summary>True for what goes by itself when its time is over.</summary>
    public static bool IsKeptForATime(Entity snapshot) => IsOne(snapshot) || ReleasedAt(snapshot) is not null;

    /// <summary>The snapshot of a run that is about to begin; null when the relation keeps none.</summary>
    public static async ValueTask<string?> PrepareAsync(
        SiteContext site, Actor actor, Relation relation, string generationId, DateTimeOffset run, CancellationToken cancellationToken)
    {
        if (relation.KeepSource is null && relation.KeepTarget is null)
        {
            return null;
        }

        var id = IdOf(relation, generationId, run);
        var key = VolumeEntity.SnapshotKey(id);
        if (site.Replica.Find(key) is null)
        {
            await site.DecideAsync(actor, transaction => Write(site, transaction, key, relation, run), cancellationToken);
        }

        return id;
    }

    /// <summary>The snapshots, by volume, of a group's run that is about to be cut: of those relations that keep some.</summary>
    public static async ValueTask<IReadOnlyList<(string VolumeId, string SnapshotId)>> PrepareAsync(
        SiteContext site, Actor actor, IEnumerable<Relation> relations, DateTimeOffset run, Cut cut, CancellationToken cancellationToken)
    {
        var keeping = relations.Where(r => r.KeepSource is not null || r.KeepTarget is not null).ToList();
        if (keeping.Count > 0)
        {
            await site.DecideAsync(
                actor,
                transaction =>
                {
                    keeping.ForEach(r => Write(site, transaction, VolumeEntity.SnapshotKey(IdOf(r, cut)), r, run));
                    return default(Unit);
                },
                cancellationToken);
        }

        return [.. keeping.Select(r => (r.VolumeId, IdOf(r, cut)))];
    }

    /// <summary>What was prepared for a cut that was not taken.</summary>
    public static async ValueTask ForgetAsync(
        SiteContext site, Actor actor, IReadOnlyList<(string VolumeId, string SnapshotId)> prepared, CancellationToken cancellationToken)
    {
        if (prepared.Count > 0)
        {
            await site.DecideAsync(
                actor,
                transaction =>
                {
                    foreach (var (_, id) in prepared)
                    {
                        transaction.Delete(VolumeEntity.SnapshotKey(id));
                    }

                    return default(Unit);
                },
                cancellationToken);
        }
    }

    /// <summary>
    /// Says that its volume's primary gives the snapshot up. False, and nothing is written, when no replica keeps it: then it is to be
    /// deleted for good.
    /// </summary>
    public static bool Release(ITransaction transaction, EntityKey key, string volumeId, string self, DateTimeOffset now)
    {
        var state = StateView.Of(transaction);
        var relations = Relation.OfVolume(state, volumeId);
        var owner = Generations.Owner(Generations.Of(state, volumeId));
        if (!SnapshotCopy.SitesOf(state, key.Id).Any(s => s != self && PolicyAt(relations, owner, s) is not null))
        {
            return false;
        }

        transaction.Set(key, ReleasedField, now);
        return true;
    }

    /// <summary>What this site has of such snapshots and has to keep no longer.</summary>
    public static IEnumerable<(string VolumeId, string SnapshotId)> ToLetGo(StateView state, string self, DateTimeOffset now)
    {
        var kept = state.List(EntityKinds.Snapshot)
            .Where(s => IsKeptForATime(s) && s.Text(VolumeEntity.Status) == VolumeStatus.Available
                && state.Find(EntityKinds.SnapshotCopy, SnapshotCopy.Key(s.Id, self).Id) is not null)
            .GroupBy(s => s.Text("volume_id", ""));
        var relations = Relation.All(state).ToLookup(r => r.VolumeId);
        var inUse = InUse(state, self);
        foreach (var volume in kept)
        {
            var owner = Generations.Owner(Generations.Of(state, volume.Key));
            var retention = PolicyAt(relations[volume.Key], owner, self) ?? Retention.NewestOnly;
            var needed = owner == self ? ToBePassed(state, relations[volume.Key], self, [.. volume]) : [];
            needed.UnionWith(inUse);
            foreach (var past in retention.LetGo(volume.Select(s => new KeptState(s.Id, TakenAt(s), needed.Contains(s.Id))), now))
            {
                yield return (volume.Key, past.Id);
            }
        }
    }

    /// <summary>Such snapshots that are at no site any more, or were never taken because the run was given up. Their volume's owner tidies up.</summary>
    public static IEnumerable<EntityKey> Nowhere(StateView state, string self) =>
        state.List(EntityKinds.Snapshot)
            .Where(s => IsKeptForATime(s) && SnapshotCopy.SitesOf(state, s.Id).Count == 0
                && Generations.Owner(Generations.Of(state, s.Text("volume_id", ""))) == self
                && (s.Text(VolumeEntity.Status) == VolumeStatus.Available || !IsUnderWay(state, s)))
            .Select(s => s.Key);

    /// <summary>What was said of how long to keep at a site's side of a volume's replication; null when nothing was.</summary>
    private static Retention? PolicyAt(IEnumerable<Relation> relations, string? owner, string site) =>
        owner == site
            ? relations.Select(r => r.KeepSource).OfType<Retention>().OrderByDescending(r => r.Count ?? 0).FirstOrDefault()
            : relations.Where(r => owner is not null && r.ReplicaOf(owner).Site == site).Select(r => r.KeepTarget).FirstOrDefault(r => r is not null);

    /// <summary>Connected here, or the source of a volume that is still being made.</summary>
    private static HashSet<string> InUse(StateView state, string self) =>
    [
        .. state.List(EntityKinds.Connection).Where(c => c.Text("site") == self).Select(c => c.Text("snapshot_id")).OfType<string>(),
        .. state.List(EntityKinds.Volume)
            .Where(v => v.Text(VolumeEntity.Status) is null).Select(v => v.Text("source_snapshot_id")).OfType<string>(),
    ];

    /// <summary>Not yet where it is to go: newer than the newest one that the replica of its replication has.</summary>
    private static HashSet<string> ToBePassed(StateView state, IEnumerable<Relation> relations, string self, IReadOnlyList<Entity> snapshots)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var relation in relations)
        {
            var replica = relation.ReplicaOf(self).Site;
            var arrived = snapshots
                .Where(s => state.Find(EntityKinds.SnapshotCopy, SnapshotCopy.Key(s.Id, replica).Id) is not null)
                .Select(TakenAt).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
            needed.UnionWith(snapshots.Where(s => s.Text(ReplicationIdField) == relation.Id && TakenAt(s) > arrived).Select(s => s.Id));
        }

        return needed;
    }

    /// <summary>Until a later run is complete, or there is no replication, it may still be taken.</summary>
    private static bool IsUnderWay(StateView state, Entity snapshot) =>
        snapshot.Text(ReplicationIdField) is { } id && Relation.Find(state, id) is { } relation
        && !(relation.Source?.CompletedRun > TakenAt(snapshot));

    private static DateTimeOffset TakenAt(Entity snapshot) => snapshot.Instant("created_at") ?? snapshot.CreatedStamp.Time;

    private static Unit Write(SiteContext site, ITransaction transaction, EntityKey key, Relation relation, DateTimeOffset run)
    {
        if (transaction.Find(key) is not null || transaction.Find(VolumeEntity.Key(relation.VolumeId)) is not { IsDeleted: false } volume)
        {
            return default;
        }

        transaction.Set(key, "volume_id", relation.VolumeId);
        transaction.Set(key, "name", $"run-{run.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}");
        transaction.Set(key, "description", "A run of the volume's replication, kept as a recovery point.");
        transaction.Set(key, "project_id", volume.Text("project_id"));
        transaction.Set(key, "site", site.SelfText);
        transaction.Set(key, "created_at", run);
        transaction.Set(key, ReplicationIdField, relation.Id);
        transaction.Set(key, VolumeEntity.SizeGib, FieldValue.From(volume.Integer(VolumeEntity.SizeGib) ?? 0));
        VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Creating, null);
        return default;
    }
}
