using Skerry.State;
using Skerry.State.Merging;

namespace Skerry.Domain.Volumes;

/// <summary>
/// Keeps the books of attachments as Cinder's actions do, at the volume's owner; another site refuses and says where to ask.
/// </summary>
public sealed class AttachmentService(SiteContext site)
{
    /// <summary>os-reserve: available becomes attaching.</summary>
    public ValueTask<Outcome<Volume>> ReserveAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        MoveAsync(actor, volumeId, VolumeStatus.Available, VolumeStatus.Attaching, cancellationToken);

    /// <summary>os-unreserve: attaching becomes available.</summary>
    public ValueTask<Outcome<Volume>> UnreserveAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        MoveAsync(actor, volumeId, VolumeStatus.Attaching, VolumeStatus.Available, cancellationToken);

    /// <summary>os-begin_detaching: in-use becomes detaching.</summary>
    public ValueTask<Outcome<Volume>> BeginDetachingAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        MoveAsync(actor, volumeId, VolumeStatus.InUse, VolumeStatus.Detaching, cancellationToken);

    /// <summary>os-roll_detaching: detaching becomes in-use.</summary>
    public ValueTask<Outcome<Volume>> RollDetachingAsync(Actor actor, string volumeId, CancellationToken cancellationToken) =>
        MoveAsync(actor, volumeId, VolumeStatus.Detaching, VolumeStatus.Available, cancellationToken);

    /// <summary>os-attach: writes down who has it, and so puts it in use.</summary>
    public async ValueTask<Outcome<Attachment>> AttachAsync(Actor actor, AttachRequest request, CancellationToken cancellationToken)
    {
        var refusal = VolumeRules.Text("instance_uuid", request.InstanceId)
            ?? VolumeRules.Text("host_name", request.HostName)
            ?? VolumeRules.Text("mountpoint", request.MountPoint);
        if (refusal is not null)
        {
            return refusal;
        }

        var id = site.Ids.NewUuid();
        return await ChangeAsync<Attachment>(
            actor,
            request.VolumeId,
            (transaction, volume) =>
            {
                if (volume.Attachments.Count > 0)
                {
                    return Refusal.State($"Volume {volume.Id} is attached already.", "Detach it first.");
                }

                if (volume.Status is not (VolumeStatus.Available or VolumeStatus.Attaching or VolumeStatus.InUse))
                {
                    return Refusal.State($"Volume {volume.Id} is {volume.Status}.", "It can be attached while it is available.");
                }

                var key = new EntityKey(EntityKinds.Attachment, id);
                transaction.Set(key, "volume_id", volume.Id);
                transaction.Set(key, "instance_id", request.InstanceId);
                transaction.Set(key, "host_name", request.HostName);
                transaction.Set(key, "mount_point", request.MountPoint);
                transaction.Set(key, "read_only", FieldValue.From(request.ReadOnly));
                transaction.Set(key, "attached_at", site.Now);
                VolumeEntity.WriteStatus(transaction, VolumeEntity.Key(volume.Id), VolumeStatus.Available, null);
                return VolumeReader.ReadAttachment(transaction.Find(key)!);
            },
            cancellationToken);
    }

    /// <summary>os-detach. Null takes the only attachment there is; with none there is nothing to do.</summary>
    public ValueTask<Outcome<Unit>> DetachAsync(
        Actor actor, string volumeId, string? attachmentId, CancellationToken cancellationToken) =>
        ChangeAsync<Unit>(
            actor,
            volumeId,
            (transaction, volume) =>
            {
                if (attachmentId is not null && volume.Attachments.All(a => a.Id != attachmentId))
                {
                    return Refusal.NotFound("attachment", attachmentId);
                }

                foreach (var attachment in volume.Attachments.Where(a => attachmentId is null || a.Id == attachmentId))
                {
                    transaction.Delete(new EntityKey(EntityKinds.Attachment, attachment.Id));
                }

                if (volume.Status is VolumeStatus.Attaching or VolumeStatus.Detaching or VolumeStatus.InUse)
                {
                    VolumeEntity.WriteStatus(transaction, VolumeEntity.Key(volumeId), VolumeStatus.Available, null);
                }

                return default(Unit);
            },
            cancellationToken);

    private ValueTask<Outcome<Volume>> MoveAsync(
        Actor actor, string volumeId, string from, string to, CancellationToken cancellationToken) =>
        ChangeAsync<Volume>(
            actor,
            volumeId,
            (transaction, volume) =>
            {
                if (volume.Status != from)
                {
                    return Refusal.State($"Volume {volumeId} is {volume.Status}; it would have to be {from}.");
                }

                VolumeEntity.WriteStatus(transaction, VolumeEntity.Key(volumeId), to, null);
                return new VolumeReader(site, StateView.Of(transaction)).FindVolume(volumeId)!;
            },
            cancellationToken);

    private async ValueTask<Outcome<T>> ChangeAsync<T>(
        Actor actor, string volumeId, Func<ITransaction, Volume, Outcome<T>> change, CancellationToken cancellationToken) =>
        await site.DecideAsync(
            actor,
            transaction =>
            {
                var volume = new VolumeReader(site, StateView.Of(transaction)).FindVolume(volumeId);
                return volume is null || !actor.MaySee(volume.ProjectId) ? Refusal.NotFound("volume", volumeId)
                    : !actor.IsMember ? VolumeRules.NotAllowed(actor, "attaching volumes")
                    : volume.SiteId != site.SelfText ? Refusal.State(
                        $"Volume {volumeId} is at site {volume.SiteName}.", $"Ask site {volume.SiteName}.")
                    : change(transaction, volume);
            },
            cancellationToken);
}
