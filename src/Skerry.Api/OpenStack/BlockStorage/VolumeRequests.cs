using Skerry.Api.Common;
using Skerry.Domain;
using Skerry.Domain.Volumes;

namespace Skerry.Api.OpenStack.BlockStorage;

/// <summary>Reads what requests want of volumes and snapshots. Older names of fields are taken as the service takes them.</summary>
internal static class VolumeRequests
{
    public static Outcome<CreateVolumeRequest> Create(JsonBody body, Microversion version)
    {
        var fields = body.Envelope("volume");
        if (version.IsAtLeast(53))
        {
            fields.Allow(
                "name", "description", "display_name", "display_description", "volume_type", "metadata", "snapshot_id", "source_volid",
                "consistencygroup_id", "size", "availability_zone", "multiattach", "image_id", "imageRef", "group_id", "backup_id");
        }

        foreach (var (field, what) in Unserved)
        {
            if (fields.Text(field) is not null)
            {
                fields.Fail(field, $"{field} cannot be used: {what} are not served here yet.");
            }
        }

        if (fields.Flag("multiattach") == true)
        {
            fields.Fail("multiattach", "multiattach cannot be used: a volume is attached once.");
        }

        var request = new CreateVolumeRequest
        {
            Name = Name(fields),
            Description = Description(fields),
            SizeGib = fields.Integer("size"),
            Type = fields.Text("volume_type"),
            Site = fields.Text("availability_zone"),
            SourceVolumeId = fields.Text("source_volid"),
            SourceSnapshotId = fields.Text("snapshot_id"),
            Metadata = fields.TextMap("metadata"),
        };
        return fields.Refusal is { } refusal ? refusal : request;
    }

    public static Outcome<UpdateVolumeRequest> Update(JsonFields fields)
    {
        var metadata = fields.TextMap("metadata");
        var request = new UpdateVolumeRequest
        {
            Name = Clearable(fields, "name", "display_name"),
            Description = Clearable(fields, "description", "display_description"),
            SetMetadata = metadata,
            ReplaceMetadata = metadata is not null,
        };
        return fields.Refusal is { } refusal ? refusal : request;
    }

    public static Outcome<CreateSnapshotRequest> CreateSnapshot(JsonBody body, Microversion version)
    {
        var fields = body.Envelope("snapshot");
        if (version.IsAtLeast(53))
        {
            fields.Allow("name", "description", "display_name", "display_description", "volume_id", "force", "metadata");
        }

        // Snapshots of volumes in use are always allowed; from 3.66 on asking for that is itself the mistake.
        if (fields.Flag("force") == false && version.IsAtLeast(66))
        {
            fields.Fail("force", "Since version 3.66 force must be left out.");
        }

        var request = new CreateSnapshotRequest(fields.Text("volume_id", required: true) ?? "")
        {
            Name = Name(fields),
            Description = Description(fields),
            Metadata = fields.TextMap("metadata"),
        };
        return fields.Refusal is { } refusal ? refusal : request;
    }

    private static (string Field, string What)[] Unserved { get; } =
    [
        ("imageRef", "images"),
        ("image_id", "images"),
        ("backup_id", "backups"),
        ("group_id", "groups"),
        ("consistencygroup_id", "consistency groups"),
    ];

    private static string? Name(JsonFields fields) => fields.Text("name") ?? fields.Text("display_name");

    private static string? Description(JsonFields fields) => fields.Text("description") ?? fields.Text("display_description");

    /// <summary>Null clears, absent leaves as it is.</summary>
    private static string? Clearable(JsonFields fields, string name, string olderName) =>
        fields.Text(name) ?? fields.Text(olderName) ?? (fields.Has(name) || fields.Has(olderName) ? "" : null);
}
