using Skerry.Domain.Replication;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Says which snapshots this site has, takes away here what was deleted anywhere, and lets go of the states of past runs that nothing
/// keeps any more.
/// </summary>
/// <remarks>
/// A snapshot is taken away only when this site knows that it was deleted: it lies in the trash, or this site once said that it has it and
/// it is gone from there too. One that the state does not know of is left alone. While its volume is in the trash nothing is taken away,
/// so that a replica that is restored has its snapshots.
/// </remarks>
public sealed class SnapshotReconciler(SiteContext site, VolumeDrivers drivers, ExportRegistry exports) : IReconciler
{
    private static readonly Actor Self = Actor.System("snapshots");

    /// <summary>Movers make snapshots at replicas without any change of state. At a primary each begins with one.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>How late a state that is kept by its age may go.</summary>
    private static readonly TimeSpan AgeEvery = TimeSpan.FromSeconds(30);

    public string Name => "snapshots";

    public IReadOnlyCollection<string> Kinds { get; } =
        [EntityKinds.Snapshot, EntityKinds.SnapshotCopy, EntityKinds.Volume, EntityKinds.Generation, EntityKinds.Replication, EntityKinds.Connection];

    public async ValueTask<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var here = new HashSet<(string Volume, string Snapshot)>();
        var (state, hasReplicas) = (StateView.Of(site.Replica), false);
        var replicated = Relation.All(state).Select(r => r.VolumeId).ToHashSet(StringComparer.Ordinal);
        foreach (var driver in drivers.All)
        {
            foreach (var local in await driver.ListLocalAsync(cancellationToken))
            {
                hasReplicas |= local.OpenGeneration is null && replicated.Contains(local.VolumeId);
                if (state.Find(EntityKinds.Volume, local.VolumeId) is null)
                {
                    continue;
                }

                foreach (var snapshotId in local.SnapshotIds)
                {
                    if (WasDeleted(state, snapshotId, local.VolumeId))
                    {
                        await TakeAwayAsync(driver, local.VolumeId, snapshotId, cancellationToken);
                    }
                    else
                    {
                        here.Add((local.VolumeId, snapshotId));
                    }
                }
            }
        }

        await SayAsync(here, cancellationToken);
        var keepsRuns = await LetGoAsync(here.Select(h => h.Snapshot).ToHashSet(StringComparer.Ordinal), cancellationToken);
        return hasReplicas ? StepResult.After(LookEvery) : keepsRuns ? StepResult.After(AgeEvery) : StepResult.Done;
    }

    private bool WasDeleted(StateView state, string snapshotId, string volumeId) =>
        site.Replica.Find(VolumeEntity.SnapshotKey(snapshotId)) switch
        {
            { IsDeleted: true } entity => entity.Text("volume_id") == volumeId,
            null => state.Find(EntityKinds.SnapshotCopy, SnapshotCopy.Key(snapshotId, site.SelfText).Id) is not null,
            _ => false,
        };

    private async ValueTask TakeAwayAsync(IVolumeDriver driver, string volumeId, string snapshotId, CancellationToken cancellationToken)
    {
        exports.RevokeSnapshot(snapshotId);
        try
        {
            await driver.DeleteSnapshotAsync(volumeId, snapshotId, cancellationToken);
        }
        catch (DriverException)
        {
            // It still says that it is here, and is looked at again.
        }
    }

    /// <summary>Writes down what came and what went since the last time. A snapshot of a run is there once its first copy is.</summary>
    private async ValueTask SayAsync(HashSet<(string Volume, string Snapshot)> here, CancellationToken cancellationToken)
    {
        if (Changes(StateView.Of(site.Replica)) is { Came.Count: 0, Went.Count: 0 })
        {
            return;
        }

        await site.DecideAsync(
            Self,
            transaction =>
            {
                var (came, went) = Changes(StateView.Of(transaction));
                foreach (var (volumeId, snapshotId) in came)
                {
                    SnapshotCopy.Write(transaction, snapshotId, volumeId, site.SelfText);
                    var key = VolumeEntity.SnapshotKey(snapshotId);
                    if (transaction.Find(key)?.Text(VolumeEntity.Status) == VolumeStatus.Creating && RunSnapshot.IsOne(transaction.Find(key)!))
                    {
                        VolumeEntity.WriteStatus(transaction, key, VolumeStatus.Available, null);
                    }
                }

                went.ForEach(transaction.Delete);
                return default(Unit);
            },
            cancellationToken);

        (List<(string Volume, string Snapshot)> Came, List<EntityKey> Went) Changes(StateView state)
        {
            var said = state.List(EntityKinds.SnapshotCopy).Where(c => c.Text(SnapshotCopy.SiteField) == site.SelfText)
                .ToDictionary(c => (c.Text(SnapshotCopy.VolumeIdField, ""), c.Text(SnapshotCopy.SnapshotIdField, "")));
            return (
                [.. here.Where(h => !said.ContainsKey(h) && state.Find(EntityKinds.Snapshot, h.Snapshot) is { } entity && entity.Text("volume_id") == h.Volume)],
                [.. said.Where(s => !here.Contains(s.Key)).Select(s => s.Value.Key)]);
        }
    }

    /// <summary>False when nothing is kept for a time here.</summary>
    private async ValueTask<bool> LetGoAsync(HashSet<string> here, CancellationToken cancellationToken)
    {
        var state = StateView.Of(site.Replica);
        if (!state.List(EntityKinds.Snapshot).Any(RunSnapshot.IsKeptForATime))
        {
            return false;
        }

        foreach (var (volumeId, snapshotId) in RunSnapshot.ToLetGo(state, site.SelfText, site.Now).ToList())
        {
            if (drivers.Holding(volumeId) is not { } driver)
            {
                continue;
            }

            await TakeAwayAsync(driver, volumeId, snapshotId, cancellationToken);
            here.Remove(snapshotId);
            await site.DecideAsync(
                Self,
                transaction =>
                {
                    SnapshotCopy.Remove(transaction, snapshotId, site.SelfText);
                    return default(Unit);
                },
                cancellationToken);
        }

        if (RunSnapshot.Nowhere(StateView.Of(site.Replica), site.SelfText).Any(k => !IsHere(k.Id)))
        {
            await site.DecideAsync(
                Self,
                transaction =>
                {
                    foreach (var key in RunSnapshot.Nowhere(StateView.Of(transaction), site.SelfText).Where(k => !IsHere(k.Id)).ToList())
                    {
                        transaction.Delete(key);
                    }

                    return default(Unit);
                },
                cancellationToken);
        }

        return true;

        bool IsHere(string snapshotId) => here.Contains(snapshotId);
    }
}
