using Skerry.Blocks;
using Skerry.Domain.Groups;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>The states at cuts that the copies of this site's native backends keep.</summary>
public sealed class NativeMarks(NativeReplicas replicas, BlockStoreSet stores) : IMarkKeeper
{
    public string Driver => replicas.Driver;

    public async ValueTask<IReadOnlyList<KeptMark>?> ListAsync(string volumeId, CancellationToken cancellationToken) =>
        await replicas.PeekAsync(replicas.Slot(volumeId), cancellationToken) is ({ } copy, _) ? ReplicaMarks.List(copy.Volume, copy.Whole) : null;

    public async ValueTask DropAsync(string volumeId, IReadOnlyCollection<Cut> cuts, CancellationToken cancellationToken)
    {
        if (cuts.Count > 0 && stores.FindVolume(volumeId) is { } found)
        {
            await ReplicaMarks.DropAsync(await found.Store.OpenAsync(volumeId, cancellationToken), cuts, cancellationToken);
        }
    }

    public ValueTask<ReplicaHold> ReturnAsync(string volumeId, Cut cut, CancellationToken cancellationToken) =>
        replicas.ReturnAsync(volumeId, ReplicaMarks.SnapshotOf(cut), cut.TakenAt, cancellationToken);

    public async ValueTask<bool> CloneAsync(string volumeId, Cut cut, string cloneId, CancellationToken cancellationToken)
    {
        if (stores.FindVolume(cloneId) is not null)
        {
            return true;
        }

        if (stores.FindVolume(volumeId) is not { } found)
        {
            return false;
        }

        var volume = await found.Store.OpenAsync(volumeId, cancellationToken);
        if (ReplicaMarks.Find(volume, cut) is null)
        {
            return false;
        }

        await found.Store.CloneAsync(cloneId, volumeId, ReplicaMarks.SnapshotOf(cut), cancellationToken);
        return true;
    }
}
