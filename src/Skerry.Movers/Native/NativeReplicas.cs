using System.Collections.Concurrent;
using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Domain;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>The copies that this site's native backends hold in the role of replicas.</summary>
public sealed class NativeReplicas(BlockStoreSet stores, BootClock clock) : IReplicaStore
{
    private readonly ConcurrentDictionary<string, ReplicaSlot> _slots = new(StringComparer.Ordinal);

    /// <summary>What an earlier process granted, and when, is not known: it may have been a moment before this.</summary>
    private readonly TimeSpan _startedAt = clock.Now;

    public string Driver => "native";

    public async ValueTask<LocalCopy?> FindAsync(string volumeId, CancellationToken cancellationToken)
    {
        var slot = Slot(volumeId);
        return await PeekAsync(slot, cancellationToken) is ({ } copy, var trouble)
            ? Describe(slot, copy) with { Trouble = trouble ?? slot.Trouble }
            : null;
    }

    public async ValueTask<ReplicaHold> SettleAsync(string volumeId, CancellationToken cancellationToken)
    {
        var slot = Slot(volumeId);
        slot.Close();
        try
        {
            var settled = await slot.UseAsync(
                async () =>
                {
                    if (await LookAsync(slot, cancellationToken) is not { } copy || !copy.IsWhole)
                    {
                        return null;
                    }

                    await copy.UndoCatchUpAsync(cancellationToken);
                    await copy.FlushAsync(cancellationToken);
                    await FailPoint.ReachAsync(MoverSteps.Settled, copy.Volume);
                    return Describe(slot, copy);
                },
                cancellationToken);
            return new ReplicaHold(settled, slot.Open);
        }
        catch (Exception e)
        {
            slot.Copy = null;
            slot.Open();
            if (e is BlockException fault)
            {
                throw CopyFault.Of(fault, volumeId, "made whole and durable");
            }

            throw;
        }
    }

    public async ValueTask<ReplicaHold> ReturnAsync(
        string volumeId, string snapshotId, DateTimeOffset? takenAt, CancellationToken cancellationToken)
    {
        var slot = Slot(volumeId);
        slot.Close();
        try
        {
            var settled = await slot.UseAsync(
                async () =>
                    await LookAsync(slot, cancellationToken) is { Volume.IsReadOnly: true, IsWhole: true } copy
                        && await copy.ReturnToAsync(snapshotId, takenAt, cancellationToken)
                        ? await FindAsync(volumeId, cancellationToken)
                        : null,
                cancellationToken);
            return new ReplicaHold(settled, slot.Open);
        }
        catch (Exception e)
        {
            slot.Copy = null;
            slot.Open();
            if (e is BlockException fault)
            {
                throw CopyFault.Of(fault, volumeId, $"returned to snapshot {snapshotId}");
            }

            throw;
        }
    }

    /// <remarks>
    /// Beside the session, which may open or end a catch-up at any moment: the head is cloned where it is a state, else the snapshot
    /// that keeps the last one; when both just changed places it is looked at again.
    /// </remarks>
    public async ValueTask<LocalCopy?> CloneAsync(string volumeId, string cloneId, CancellationToken cancellationToken)
    {
        const int attempts = 10;
        for (var attempt = 1; ; attempt++)
        {
            if (await FindAsync(volumeId, cancellationToken) is not { IsWhole: true } copy || stores.FindVolume(volumeId) is not var (_, store))
            {
                return null;
            }

            if (store.Find(cloneId) is not null)
            {
                return copy;
            }

            try
            {
                var clone = await store.CloneAsync(cloneId, volumeId, copy.IsCatchingUp ? ReplicaCopy.RecoverySnapshot : null, cancellationToken);
                await FailPoint.ReachAsync(MoverSteps.Cloned, clone);
                return copy;
            }
            catch (BlockException e) when (e.Error is BlockError.Refused or BlockError.NotFound && attempt < attempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
            catch (BlockException e)
            {
                throw CopyFault.Of(e, volumeId, "cloned");
            }
        }
    }

    public long Visits(string volumeId) => _slots.TryGetValue(volumeId, out var slot) ? slot.Visits : 0;

    public void Disconnect(string volumeId) => Slot(volumeId).Disconnect();

    public async ValueTask DropAsync(string volumeId, CancellationToken cancellationToken)
    {
        var slot = Slot(volumeId);
        await slot.UseAsync(
            async () =>
            {
                if (stores.FindVolume(volumeId) is { } found)
                {
                    slot.Copy = null;
                    await found.Store.DeleteAsync(volumeId, cancellationToken);
                }

                return true;
            },
            cancellationToken);
        _slots.TryRemove(volumeId, out _);
    }

    public async ValueTask<LeaseStanding?> FindLeaseAsync(string volumeId, CancellationToken cancellationToken)
    {
        var slot = Slot(volumeId);
        return await PeekAsync(slot, cancellationToken) is ({ } copy, _) ? slot.Lease.Standing(copy.Volume) : null;
    }

    internal ReplicaSlot Slot(string volumeId) => _slots.GetOrAdd(
        volumeId, static (id, me) => new ReplicaSlot(id, new ReplicaLease(me.clock, me._startedAt)), (clock, _startedAt));

    /// <summary>The copy that a source was admitted for; made when there is none. The caller has entered the slot.</summary>
    internal async ValueTask<ReplicaCopy> OpenOrCreateAsync(
        ReplicaSlot slot, AdmissionVerdict admitted, long sizeBytes, CancellationToken cancellationToken)
    {
        var backend = admitted.Backend ?? "";
        if (await LookAsync(slot, cancellationToken) is { } known)
        {
            RequireLikeness(known.Volume, admitted.WrappedKey);
            return known.Volume.IsReadOnly
                ? known
                : throw new ReplicaRefusedException(new Wire.RefusedMessage(
                    $"The copy of volume {slot.VolumeId} here still takes writes; it is about to be fenced.", null, IsTemporary: true, 0));
        }

        if (!stores.TryFind(backend, out var store))
        {
            throw new ReplicaRefusedException(new Wire.RefusedMessage(
                $"There is no native backend {backend} at this site.", "Make a replication to a backend that is in the site's list.",
                IsTemporary: false, 0, Wire.RefusalCodes.Backend));
        }

        if (sizeBytes > store.Space.TotalBytes)
        {
            throw new ReplicaRefusedException(new Wire.RefusedMessage(
                $"Volume {slot.VolumeId} has {sizeBytes} bytes, and backend {backend} here {store.Space.TotalBytes} in all.",
                "Choose a larger backend.", IsTemporary: false, 0, Wire.RefusalCodes.Space));
        }

        if (admitted.AdoptFrom is { } seed && seed != slot.VolumeId)
        {
            return slot.Copy = await AdoptAsync(slot, seed, sizeBytes, cancellationToken);
        }

        var volume = admitted.WrappedKey is null
            ? await store.CreateAsync(slot.VolumeId, sizeBytes, cancellationToken)
            : await store.CreateAsync(slot.VolumeId, sizeBytes, KeyOf(slot.VolumeId, admitted.WrappedKey), cancellationToken);
        (slot.Backend, slot.Space) = (backend, () => store.Space);
        return slot.Copy = await ReplicaCopy.OpenAsync(volume, cancellationToken);
    }

    /// <summary>
    /// The copy begins as a clone of a volume that is here, so nothing of that one is written over. It may take no writes meanwhile, or the
    /// clone would be of no one moment.
    /// </summary>
    private async ValueTask<ReplicaCopy> AdoptAsync(ReplicaSlot slot, string seed, long sizeBytes, CancellationToken cancellationToken)
    {
        ReplicaRefusedException No(string why, string nextStep, bool isTemporary = false) =>
            new(new Wire.RefusedMessage(why, nextStep, isTemporary, 0, Wire.RefusalCodes.Adopt));

        if (stores.FindVolume(seed) is not var (backend, store) || store.Find(seed) is not { } found)
        {
            throw No($"There is no copy of volume {seed} at this site to be taken over.", "Name a volume of this site, or make the replication without adopt.");
        }

        if (!found.IsReadOnly)
        {
            throw No($"Volume {seed} still takes writes here.", "Demote it first.", isTemporary: true);
        }

        if (found.IsEncrypted)
        {
            throw No($"Volume {seed} here is encrypted with a key of its own.", "Make the replication without adopt.");
        }

        if (found.SizeBytes > sizeBytes)
        {
            throw No(
                $"Volume {seed} here has {found.SizeBytes} bytes, and volume {slot.VolumeId} {sizeBytes}: a replica never shrinks.",
                "Extend the volume first, or make the replication without adopt.");
        }

        var copy = await store.CloneAsync(slot.VolumeId, seed, null, cancellationToken);
        (slot.Backend, slot.Space) = (backend, () => store.Space);
        return await ReplicaCopy.OpenAsync(copy, cancellationToken);
    }

    /// <summary>The link is gone: what arrived is made durable, so that little has to be sent again.</summary>
    internal static async ValueTask RestAsync(ReplicaCopy copy)
    {
        try
        {
            // First: it waits for a cursor that is being saved, and after this another session may come.
            await copy.SaveReachedAsync(CancellationToken.None);
            await copy.FlushAsync(CancellationToken.None);
            await copy.SaveRecoveryPointAsync(CancellationToken.None);
        }
        catch (BlockException)
        {
            // Nothing was claimed to be durable that is not; the next session meets the fault again and tells it.
        }
    }

    private static WrappedKey KeyOf(string volumeId, string wrapped) => WrappedKey.Parse(wrapped)
        ?? throw new ReplicaRefusedException(new Wire.RefusedMessage(
            $"The key of volume {volumeId} is wrapped in a way that this site does not know.", "Upgrade this site.", IsTemporary: false, 0, Wire.RefusalCodes.Key));

    /// <summary>What is encrypted at its source is never kept in the clear, nor under another key.</summary>
    private static void RequireLikeness(BlockVolume copy, string? wrapped)
    {
        var wrong = copy.WhyLocked is { } locked ? $"cannot be written: {locked}"
            : copy.IsEncrypted != wrapped is not null ? $"is {(copy.IsEncrypted ? "encrypted" : "in the clear")}, and its source is not"
            : wrapped is not null && KeyOf(copy.Id, wrapped).KeyId != copy.WrappedKey?.KeyId ? "is encrypted with another key than its source"
            : null;
        if (wrong is not null)
        {
            throw new ReplicaRefusedException(new Wire.RefusedMessage(
                $"The copy of volume {copy.Id} here {wrong}.", "Restore this site's key; or delete the replication with its copy, and make it anew.",
                IsTemporary: false, 0, Wire.RefusalCodes.Key));
        }
    }

    internal ValueTask<ReplicaCopy?> LookAsync(string volumeId, CancellationToken cancellationToken) => LookAsync(Slot(volumeId), cancellationToken);

    /// <summary>The copy to be described: what a crash left half done and cannot be finished, as on a full disk, keeps nothing from being told.</summary>
    internal async ValueTask<(ReplicaCopy? Copy, Refusal? Trouble)> PeekAsync(ReplicaSlot slot, CancellationToken cancellationToken)
    {
        try
        {
            return (await LookAsync(slot, cancellationToken), null);
        }
        catch (BlockException e) when (stores.FindVolume(slot.VolumeId)?.Store.Find(slot.VolumeId) is { } volume)
        {
            return (ReplicaCopy.Look(volume), CopyFault.Refusal(e, slot.VolumeId, "brought in order"));
        }
    }

    private async ValueTask<ReplicaCopy?> LookAsync(ReplicaSlot slot, CancellationToken cancellationToken)
    {
        if (stores.FindVolume(slot.VolumeId) is not var (backend, store))
        {
            slot.Copy = null;
            return null;
        }

        // One at a time: taking a copy up finishes or undoes what a crash left, and that must not happen twice at once.
        await slot.Opening.WaitAsync(cancellationToken);
        try
        {
            (slot.Backend, slot.Space) = (backend, () => store.Space);
            var volume = await store.OpenAsync(slot.VolumeId, cancellationToken);
            return slot.Copy is { } known && ReferenceEquals(known.Volume, volume)
                ? known
                : slot.Copy = await ReplicaCopy.OpenAsync(volume, cancellationToken);
        }
        finally
        {
            slot.Opening.Release();
        }
    }

    private static LocalCopy Describe(ReplicaSlot slot, ReplicaCopy copy)
    {
        var whole = copy.Whole;
        return new LocalCopy(
            slot.VolumeId, slot.Backend ?? "", copy.IsWhole, !copy.IsHeadWhole, slot.IsConnected,
            whole.Runs.Count > 0 ? whole.Runs[^1].Generation : 0, copy.DurableNumber, copy.RecoveryPoint,
            slot.LastHeard?.OwedBytes, slot.LastHeard?.At, slot.Trouble, slot.LastTransfer);
    }
}
