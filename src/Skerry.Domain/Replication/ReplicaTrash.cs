using Skerry.Domain.Volumes;
using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>A replica that outlived its volume, or its replication, and waits for its time to pass.</summary>
/// <param name="Id">The replication's id; of a copy that a replica was moved away from, with <c>@</c> and the site's id behind it.</param>
/// <param name="VolumeId">The volume that it is a copy of.</param>
/// <param name="VolumeName">The volume's last name.</param>
/// <param name="SizeGib">The volume's last size.</param>
/// <param name="Site">Where the copy is, as a site id.</param>
/// <param name="Backend">Its backend there.</param>
/// <param name="IsVolumeGone">False when the volume lives on and only the replication was deleted: then the copy comes back under another id.</param>
/// <param name="DeletedAt">Since when it lies in the trash.</param>
/// <param name="PurgeAt">When its site takes it away, by the time that is configured at the site that says so.</param>
/// <param name="RecoveryPoint">The newest state that its site said it has; null when it said none.</param>
public sealed record TrashedReplica(
    string Id,
    string VolumeId,
    string? VolumeName,
    long SizeGib,
    string Site,
    string Backend,
    bool IsVolumeGone,
    DateTimeOffset DeletedAt,
    DateTimeOffset PurgeAt,
    RecoveryPoint? RecoveryPoint)
{
    /// <summary>True when its site has no key for it, so that it can only be purged.</summary>
    public bool IsCiphertextOnly { get; init; }
}

/// <summary>
/// The replicas in the trash. A replica is purged only when something that named it was deleted, that long ago or at a person's
/// wish, and nothing names it now; what a site does not know of is never purged.
/// </summary>
/// <remarks>A purge and a restoration of one site exclude each other, so that neither finds half of what the other did.</remarks>
public sealed class ReplicaTrash(SiteContext site, IEnumerable<IReplicaStore> stores, TrashOptions options)
{
    private static readonly Actor Self = Actor.System("replica trash");

    private readonly IReadOnlyList<IReplicaStore> _stores = [.. stores];
    private readonly SemaphoreSlim _use = new(1, 1);

    /// <summary>Of all sites, as far as is known here; the oldest first.</summary>
    public IReadOnlyList<TrashedReplica> All() =>
        [.. Trashed(StateView.Of(site.Replica)).Concat(Left(StateView.Of(site.Replica))).OrderBy(t => t.DeletedAt).ThenBy(t => t.Id, StringComparer.Ordinal)];

    public TrashedReplica? Find(string id) => All().FirstOrDefault(t => t.Id == id);

    /// <summary>Purges what is due at this site. When to look again, and what was done.</summary>
    internal async ValueTask<(TimeSpan? Again, IReadOnlyList<StepReport> Reports)> PurgeDueAsync(CancellationToken cancellationToken)
    {
        var reports = new List<StepReport>();
        TimeSpan? again = null;
        foreach (var item in All().Where(t => t.Site == site.SelfText))
        {
            var left = item.PurgeAt - site.Now;
            if (left > TimeSpan.Zero)
            {
                again = again is { } sooner && sooner < left ? sooner : left;
            }
            else if (await PurgeAsync(item.Id, cancellationToken))
            {
                reports.Add(new StepReport($"The replica of volume {item.VolumeId} was purged; it was in the trash since {item.DeletedAt:u}."));
            }
        }

        return (again, reports);
    }

    /// <summary>Takes the copy at this site away for good. False when there was none, or it is not in the trash any more.</summary>
    internal ValueTask<bool> PurgeAsync(string id, CancellationToken cancellationToken) => UseAsync(
        async () =>
        {
            if (Find(id) is not { } item || item.Site != site.SelfText)
            {
                return false;
            }

            var isDropped = false;
            foreach (var store in _stores)
            {
                if (await store.FindAsync(item.VolumeId, cancellationToken) is not null)
                {
                    await store.DropAsync(item.VolumeId, cancellationToken);
                    isDropped = true;
                }
            }

            await ForgetAsync(item, cancellationToken);
            return isDropped;
        },
        cancellationToken);

    /// <summary>Runs the work while nothing is purged here.</summary>
    internal async ValueTask<T> UseAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        await _use.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _use.Release();
        }
    }

    private IEnumerable<TrashedReplica> Trashed(StateView state)
    {
        // The volume is gone: its relations stay for as long as there are replicas of it.
        foreach (var relation in Relation.All(state))
        {
            if (site.Replica.Find(VolumeEntity.Key(relation.VolumeId)) is { IsDeleted: true } volume)
            {
                yield return Describe(state, relation, volume, volume.CreatedStamp.Time);
            }
        }

        // The relation is gone, and the volume lives on elsewhere or is gone too.
        foreach (var entity in site.Replica.ListDeleted(EntityKinds.Replication))
        {
            if (Relation.Read(entity) is not { } relation || site.Replica.Find(VolumeEntity.Key(relation.VolumeId)) is not { } volume
                || (!volume.IsDeleted && Generations.Owner(Generations.Of(state, relation.VolumeId)) is null))
            {
                continue;
            }

            var item = Describe(state, relation, volume, entity.CreatedStamp.Time);
            if (!IsPurged(entity)
                && !Relation.OfVolume(state, relation.VolumeId).Any(r => r.BackendAt(item.Site) is not null)
                && (volume.IsDeleted || Generations.Owner(Generations.Of(state, relation.VolumeId)) != item.Site))
            {
                yield return item;
            }
        }
    }

    /// <summary>Copies at sites that replicas were moved away from; what names the site again needs the copy.</summary>
    private IEnumerable<TrashedReplica> Left(StateView state)
    {
        foreach (var entity in state.List(EntityKinds.Replication).Concat(site.Replica.ListDeleted(EntityKinds.Replication)))
        {
            if (Relation.Read(entity) is not { Left.Count: > 0, IsInConflict: false } relation || site.Replica.Find(VolumeEntity.Key(relation.VolumeId)) is not { } volume)
            {
                continue;
            }

            var owner = Generations.Owner(Generations.Of(state, relation.VolumeId));
            foreach (var left in relation.Left)
            {
                if (owner is not null && owner != left.Site && !Relation.OfVolume(state, relation.VolumeId).Any(r => r.BackendAt(left.Site) is not null))
                {
                    yield return new TrashedReplica(
                        $"{relation.Id}@{left.Site}", relation.VolumeId, volume.Text("name"), volume.Integer(VolumeEntity.SizeGib) ?? 0, left.Site,
                        left.Backend, volume.IsDeleted, left.At, left.At + options.TrashTime, null)
                    {
                        IsCiphertextOnly = relation.IsCiphertextOnly,
                    };
                }
            }
        }
    }

    private TrashedReplica Describe(StateView state, Relation relation, Entity volume, DateTimeOffset deletedAt)
    {
        var owner = Generations.Owner(Generations.Of(state, relation.VolumeId)) ?? relation.HomeSite;
        var (at, backend) = relation.ReplicaOf(owner);
        return new TrashedReplica(
            relation.Id, relation.VolumeId, volume.Text("name"), volume.Integer(VolumeEntity.SizeGib) ?? 0, at, backend, volume.IsDeleted,
            deletedAt, deletedAt + options.TrashTime, relation.Target?.RecoveryPoint)
        {
            IsCiphertextOnly = relation.IsCiphertextOnly,
        };
    }

    private static bool IsPurged(Entity relation) => relation.Flag(Relation.PurgedField);

    /// <summary>With its last replica gone, what the relations and generations of a deleted volume were kept for is gone too.</summary>
    private async ValueTask ForgetAsync(TrashedReplica item, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            Self,
            transaction =>
            {
                var view = StateView.Of(transaction);
                if (item.Id.IndexOf('@', StringComparison.Ordinal) is > 0 and var at)
                {
                    var key = Relation.Key(item.Id[..at]);
                    if (transaction.Find(key) is { } entity && Relation.Read(entity) is { } relation)
                    {
                        LeftSite[] rest = [.. relation.Left.Where(l => l.Site != item.Site)];
                        transaction.Set(key, Relation.LeftField, FieldValue.Serialize(rest, ReplicationJson.Default.IReadOnlyListLeftSite));
                    }

                    return default(Unit);
                }

                transaction.Set(Relation.Key(item.Id), Relation.PurgedField, FieldValue.From(true), DomainSchema.OwnerRank);
                if (view.Find(EntityKinds.Volume, item.VolumeId) is not null)
                {
                    return default(Unit);
                }

                if (Relation.Find(view, item.Id) is not null)
                {
                    transaction.Delete(Relation.Key(item.Id));
                }

                if (Relation.OfVolume(view, item.VolumeId).Count == 0)
                {
                    foreach (var generation in view.ListByPrefix(EntityKinds.Generation, item.VolumeId + "/").ToList())
                    {
                        transaction.Delete(generation.Key);
                    }
                }

                return default(Unit);
            },
            cancellationToken);
}

/// <summary>How long this site keeps what it no longer needs.</summary>
public sealed class TrashOptions
{
    /// <summary>How long the replica of a deleted volume, or of a deleted replication, stays restorable; by default 7 days.</summary>
    public TimeSpan TrashTime { get; init; } = TimeSpan.FromDays(7);
}
