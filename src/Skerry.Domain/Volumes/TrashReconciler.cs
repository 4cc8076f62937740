using Skerry.Domain.References;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Takes what was deleted long ago out of the trash for good, so that the state does not grow with all that ever was. The site that
/// deleted a thing purges it, so that two sites do not do it twice; what is in conflict stays until a person has settled it, and what
/// something refers to, even from the trash, stays until that is purged.
/// </summary>
public sealed class TrashReconciler(SiteContext site) : IReconciler
{
    private const int AtOnce = 256;
    private static readonly Actor Self = Actor.System("trash");
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a deletion can still be looked up, and be told from a thing that never was. Volume types are not among these: that an
    /// administrator deleted a default one is to be remembered.
    /// </summary>
    private static readonly IReadOnlyDictionary<string, TimeSpan> Kept = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
    {
        [EntityKinds.Snapshot] = TimeSpan.FromDays(30),
        [EntityKinds.Volume] = TimeSpan.FromDays(30),
        [EntityKinds.SnapshotCopy] = TimeSpan.FromDays(1),
        [EntityKinds.Generation] = TimeSpan.FromDays(30),
        [EntityKinds.Operation] = TimeSpan.FromDays(1),
        [EntityKinds.Connection] = TimeSpan.FromDays(1),
        [EntityKinds.Attachment] = TimeSpan.FromDays(1),
    };

    public string Name => "trash";

    public IReadOnlyCollection<string> Kinds { get; } = [];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var old = Kept.SelectMany(k => site.Replica.ListDeleted(k.Key).Where(e => IsDue(e, k.Value))).ToList();
        var referred = old.Count == 0 ? [] : Children.Referred(kind => site.Replica.List(kind).Concat(site.Replica.ListDeleted(kind)));
        var due = old
            .Where(e => !referred.Contains(e.Key))
            .Select(e => e.Key)
            .Take(AtOnce)
            .ToList();
        if (due.Count == 0)
        {
            return StepResult.After(LookEvery);
        }

        await site.DecideAsync(
            Self,
            transaction =>
            {
                // Since it was looked at an update of it may have come in, or something that refers to it.
                var referredNow = Children.Referred(kind => transaction.List(kind).Concat(transaction.ListDeleted(kind)));
                foreach (var key in due)
                {
                    if (transaction.Find(key) is { } entity && IsDue(entity, Kept[key.Kind]) && !referredNow.Contains(key))
                    {
                        transaction.Purge(key);
                    }
                }

                return default(Unit);
            },
            cancellationToken);
        return StepResult.After(due.Count == AtOnce ? TimeSpan.Zero : LookEvery);
    }

    private bool IsDue(Entity entity, TimeSpan kept) =>
        entity.IsDeleted
        && entity.Standing(Entity.LifecycleField) is [var deletion]
        && deletion.Site == site.Self
        && deletion.Stamp.Time + kept < site.Now
        && site.Replica.Schema.ConflictsOf(entity).Count == 0;
}
