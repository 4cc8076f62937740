using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Takes what was deleted long ago out of the trash for good, so that the state does not grow with all that ever was. The site that
/// deleted a thing purges it, so that two sites do not do it twice; what is in conflict stays until a person has settled it.
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
        [EntityKinds.Volume] = TimeSpan.FromDays(30),
        [EntityKinds.Snapshot] = TimeSpan.FromDays(30),
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
        var due = Kept
            .SelectMany(k => site.Replica.ListDeleted(k.Key).Where(e => IsDue(e, k.Value)))
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
                foreach (var key in due)
                {
                    // Since it was looked at an update of it may have come in.
                    if (transaction.Find(key) is { } entity && IsDue(entity, Kept[key.Kind]))
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
        && entity.Fields.All(f => entity.Standing(f).All(v => v.IsKnownToDelete));
}
