using Skerry.Client.Native.Wire;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.Native;

/// <summary>Volumes and what belongs to them in the words of the wire. What only administrators may know is left out for others.</summary>
internal static class VolumeRecords
{
    public static VolumeRecord Of(Volume volume, Actor actor) => new(
        volume.Id,
        volume.Name,
        volume.Description,
        volume.SizeGib,
        volume.Status,
        volume.ErrorReason,
        volume.TypeName,
        volume.SiteName,
        actor.IsAdmin ? volume.Backend : null,
        volume.ReplicationStatus,
        actor.IsAdmin ? volume.Primary?.Current.Number : null,
        actor.IsAdmin ? volume.AllocatedBytes : null,
        volume.ProjectId,
        volume.UserId,
        volume.SourceVolumeId,
        volume.SourceSnapshotId,
        volume.Metadata,
        volume.CreatedAt,
        volume.UpdatedAt,
        volume.IsEncrypted);

    public static SnapshotRecord Of(Snapshot snapshot, Actor actor) => new(
        snapshot.Id,
        snapshot.VolumeId,
        snapshot.Name,
        snapshot.Description,
        snapshot.SizeGib,
        snapshot.Status,
        snapshot.ErrorReason,
        snapshot.SiteName,
        actor.IsAdmin ? snapshot.Position : null,
        snapshot.Metadata,
        snapshot.ProjectId,
        snapshot.CreatedAt)
    {
        Sites = actor.IsAdmin ? [.. snapshot.Places.Select(p => p.SiteName)] : null,
        ReleasedAt = snapshot.ReleasedAt,
    };

    /// <param name="uri">Only when it was just made.</param>
    public static ConnectionRecord Of(Connection connection, SiteLabels labels, string? uri = null) => new(
        connection.Id,
        connection.VolumeId,
        connection.SnapshotId,
        labels.Of(connection.SiteId),
        connection.ReadOnly,
        connection.HostNote,
        uri,
        connection.CreatedAt,
        connection.ClientName);
}
