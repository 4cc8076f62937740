using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Snapshot;

internal static class SnapshotView
{
    public static readonly View<SnapshotRecord> Snapshot = new(
        "snapshot",
        OutputJson.Default.SnapshotRecord,
        new("id", "UUID.", s => s.Id),
        new("name", "Name; diverged-N for what a resync set aside.", s => s.Name),
        new("volume_id", "Volume that it is of.", s => s.VolumeId),
        new("status", "As block storage has it: creating, available, deleting, error …", s => s.Status),
        new("status_reason", "Why, when the status needs a reason.", s => s.StatusReason, IsBrief: false),
        new("size_gib", "Size of the volume when it was taken, in GiB.", s => s.SizeGib),
        new("site", "Site that acts on it: its volume's primary where that has it.", s => s.Site),
        new("sites", "Sites that have it, the very same state under one id (administrators).", s => s.Sites ?? []),
        new("released_at", "When it was deleted at the primary, while a replica keeps it for as long as its retention says.", s => s.ReleasedAt, IsBrief: false),
        new("position", "Where in the volume's history it stands (administrators).", s => s.Position, IsBrief: false),
        new("metadata", "Free keys and values.", s => s.Metadata ?? new Dictionary<string, string>(), IsBrief: false),
        new("description", "Free text.", s => s.Description, IsBrief: false),
        new("project_id", "Project that owns it.", s => s.ProjectId, IsBrief: false),
        new("created_at", "When it was ordered.", s => s.CreatedAt, IsBrief: false));

    public static readonly View<SnapshotDifferenceRow> Difference = new(
        "difference",
        OutputJson.Default.SnapshotDifferenceRow,
        new("offset_bytes", "Where the range begins; null with --files.", d => d.OffsetBytes),
        new("length_bytes", "How long the range is; with --files, how much of the file lies in such ranges.", d => d.LengthBytes),
        new("path", "With --files: the file in the snapshot; null for what belongs to none.", d => d.Path),
        new("inode", "With --files: its inode.", d => d.Inode));
}
