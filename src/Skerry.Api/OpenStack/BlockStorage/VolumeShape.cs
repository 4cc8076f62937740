using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>A volume as the service writes it: no field too many for the version and the role of who asks.</summary>
internal static class VolumeShape
{
    public static JsonObject Summary(HttpRequest request, Volume volume) => new()
    {
        ["id"] = volume.Id,
        ["name"] = BlockStorageShapes.TextOrNull(volume.Name),
        ["links"] = BlockStorageShapes.Links(request, volume.ProjectId, $"volumes/{volume.Id}"),
    };

    public static JsonObject Detail(HttpRequest request, Actor actor, Microversion version, Volume volume)
    {
        var shape = new JsonObject
        {
            ["id"] = volume.Id,
            ["status"] = volume.Status,
            ["size"] = volume.SizeGib,
            ["availability_zone"] = volume.SiteName,
            ["created_at"] = BlockStorageShapes.Time(volume.CreatedAt),
            ["updated_at"] = BlockStorageShapes.UpdateTime(volume.CreatedAt, volume.UpdatedAt),
            ["name"] = BlockStorageShapes.TextOrNull(volume.Name),
            ["description"] = BlockStorageShapes.TextOrNull(volume.Description),
            ["volume_type"] = volume.TypeName,
            ["snapshot_id"] = volume.SourceSnapshotId,
            ["source_volid"] = volume.SourceSnapshotId is null ? volume.SourceVolumeId : null,
            ["metadata"] = BlockStorageShapes.Map(volume.Metadata),
            ["links"] = BlockStorageShapes.Links(request, volume.ProjectId, $"volumes/{volume.Id}"),
            ["user_id"] = volume.UserId,
            ["bootable"] = volume.IsBootable ? "true" : "false",
            ["encrypted"] = volume.IsEncrypted,
            ["replication_status"] = volume.ReplicationStatus,
            ["consistencygroup_id"] = null,
            ["multiattach"] = false,
            ["attachments"] = new JsonArray([.. volume.Attachments.Select(Attachment)]),
            ["os-vol-tenant-attr:tenant_id"] = volume.ProjectId,
        };
        if (actor.IsAdmin)
        {
            shape["os-vol-host-attr:host"] = volume.Backend is null ? null : $"{volume.SiteName}@{volume.Backend}";
            shape["os-vol-mig-status-attr:migstat"] = null;
            shape["os-vol-mig-status-attr:name_id"] = null;
        }

        AddByVersion(shape, actor, version, volume);
        return shape;
    }

    private static void AddByVersion(JsonObject shape, Actor actor, Microversion version, Volume volume)
    {
        if (version.IsAtLeast(13))
        {
            shape["group_id"] = null;
        }

        if (version.IsAtLeast(21) && actor.IsAdmin)
        {
            shape["provider_id"] = null;
        }

        if (version.IsAtLeast(48))
        {
            shape["shared_targets"] = false;
            shape["service_uuid"] = null;
        }

        if (version.IsAtLeast(61) && actor.IsAdmin)
        {
            shape["cluster_name"] = null;
        }

        if (version.IsAtLeast(63))
        {
            shape["volume_type_id"] = volume.TypeId;
        }

        if (version.IsAtLeast(65))
        {
            shape["consumes_quota"] = true;
        }
    }

    private static JsonObject Attachment(Attachment attachment) => new()
    {
        ["id"] = attachment.VolumeId,
        ["attachment_id"] = attachment.Id,
        ["volume_id"] = attachment.VolumeId,
        ["server_id"] = attachment.InstanceId,
        ["host_name"] = attachment.HostName,
        ["device"] = attachment.MountPoint,
        ["attached_at"] = BlockStorageShapes.Time(attachment.AttachedAt),
    };
}
