using System.Globalization;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Volume;

/// <summary>What a volume takes at one site.</summary>
internal sealed record VolumeUsageRow(
    string VolumeId, string? Name, string? Site, long AllocatedBytes, long ExclusiveBytes, long SharedBytes, long HeadBytes, bool IsComplete,
    IReadOnlyList<SnapshotUsageRecord> Snapshots);

internal static class VolumeView
{
    public static readonly View<VolumeRecord> Volume = new(
        "volume",
        OutputJson.Default.VolumeRecord,
        new("id", "UUID.", v => v.Id),
        new("name", "Name.", v => v.Name),
        new("status", "As block storage has it: creating, available, in-use, extending, deleting, error …", v => v.Status),
        new("status_reason", "Why, when the status needs a reason.", v => v.StatusReason, IsBrief: false),
        new("size_gib", "Size in GiB.", v => v.SizeGib),
        new("site", "The site that holds it.", v => v.Site),
        new("replication_status", "active - primary, active - updating, active - secondary, or plain words; null when not replicated.", v => v.ReplicationStatus),
        new("description", "Free text.", v => v.Description, IsBrief: false),
        new("type", "Volume type.", v => v.Type, IsBrief: false),
        new("encrypted", "Whether its blocks are encrypted where they are stored.", v => v.Encrypted, IsBrief: false),
        new("backend", "Backend (administrators).", v => v.Backend, IsBrief: false),
        new("generation", "Number of the current generation (administrators).", v => v.Generation, IsBrief: false),
        new("allocated_bytes", "Space that it takes, as last measured (administrators).", v => v.AllocatedBytes, IsBrief: false),
        new("project_id", "Project that owns it.", v => v.ProjectId, IsBrief: false),
        new("user_id", "User who made it.", v => v.UserId, IsBrief: false),
        new("source_volume_id", "Volume that it was made from.", v => v.SourceVolumeId, IsBrief: false),
        new("snapshot_id", "Snapshot that it was made from.", v => v.SnapshotId, IsBrief: false),
        new("metadata", "Free keys and values.", v => v.Metadata ?? new Dictionary<string, string>(), IsBrief: false),
        new("created_at", "When it was ordered.", v => v.CreatedAt, IsBrief: false),
        new("updated_at", "When it last changed.", v => v.UpdatedAt, IsBrief: false));

    public static readonly View<VolumeUsageRow> Usage = new(
        "volume usage",
        OutputJson.Default.VolumeUsageRow,
        new("volume_id", "Volume.", u => u.VolumeId),
        new("name", "Its name.", u => u.Name),
        new("site", "Site whose copy it is.", u => u.Site),
        new("allocated_bytes", "What the volume itself has stored, shared or not.", u => u.AllocatedBytes),
        new("exclusive_bytes", "What deleting it with all its snapshots would give back.", u => u.ExclusiveBytes),
        new("shared_bytes", "What it, or a snapshot of it, uses and other volumes use too.", u => u.SharedBytes),
        new("head_bytes", "Of the exclusive bytes, what no snapshot of it uses either.", u => u.HeadBytes),
        new("is_complete", "False when damage hides a part of what is in use.", u => u.IsComplete),
        new(
            "snapshots",
            "For each snapshot, the oldest first: what deleting it alone would give back.",
            u => u.Snapshots.ToDictionary(s => s.Id, s => s.ExclusiveBytes.ToString(CultureInfo.InvariantCulture))));

    public static readonly View<ConnectionRecord> Connection = new(
        "connection",
        OutputJson.Default.ConnectionRecord,
        new("id", "Id of the connection.", c => c.Id),
        new("volume_id", "Volume.", c => c.VolumeId, IsBrief: false),
        new("snapshot_id", "Snapshot, when it is one that is connected.", c => c.SnapshotId),
        new("site", "Site that serves it.", c => c.Site),
        new("read_only", "Whether writes are refused.", c => c.ReadOnly),
        new("host_note", "Who said to be connected.", c => c.HostNote),
        new("created_at", "Since when.", c => c.CreatedAt));

    public static readonly View<VolumeTypeRecord> Type = new(
        "volume type",
        OutputJson.Default.VolumeTypeRecord,
        new("id", "Id.", t => t.Id),
        new("name", "Name, for `skerry volume create --type`.", t => t.Name),
        new("description", "Free text.", t => t.Description),
        new("is_public", "Whether all projects see it.", t => t.IsPublic));
}
