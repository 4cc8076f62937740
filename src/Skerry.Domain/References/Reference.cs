using Skerry.Domain.Identity;
using Skerry.State.Merging;

namespace Skerry.Domain.References;

/// <summary>What a reference means for what it points to.</summary>
public enum ReferenceHold
{
    /// <summary>While such a child lives its parent is not deleted; and deleted apart from its making, the parent stays in <c>deleting</c>.</summary>
    Keeps,

    /// <summary>The child goes with its parent, and without it means nothing.</summary>
    Follows,
}

/// <summary>A field of one kind that names an entity of another.</summary>
/// <param name="Child">The kind that refers.</param>
/// <param name="Field">The field, or <see cref="OwnId"/>.</param>
/// <param name="Parent">The kind that is referred to.</param>
/// <param name="Hold">What the reference means for the parent.</param>
public sealed record Reference(string Child, string Field, string Parent, ReferenceHold Hold)
{
    /// <summary>In place of a field: the child's id is the parent's.</summary>
    public const string OwnId = "$id";

    /// <summary>Which fields of which kinds refer to what. Records of sites are never deleted, so what refers to one is not here.</summary>
    public static IReadOnlyList<Reference> All { get; } =
    [
        new(EntityKinds.Snapshot, "volume_id", EntityKinds.Volume, ReferenceHold.Keeps),
        new(EntityKinds.Connection, "volume_id", EntityKinds.Volume, ReferenceHold.Keeps),
        new(EntityKinds.Attachment, "volume_id", EntityKinds.Volume, ReferenceHold.Keeps),
        new(EntityKinds.GroupMember, "group_id", EntityKinds.Group, ReferenceHold.Keeps),
        new(EntityKinds.Volume, "type", EntityKinds.VolumeType, ReferenceHold.Keeps),
        new(EntityKinds.VolumeType, "qos_specs_id", EntityKinds.QosSpec, ReferenceHold.Keeps),
        new(EntityKinds.Volume, "project_id", IdentityKinds.Project, ReferenceHold.Keeps),
        new(EntityKinds.Snapshot, "project_id", IdentityKinds.Project, ReferenceHold.Keeps),
        new(IdentityKinds.User, "domain_id", IdentityKinds.Domain, ReferenceHold.Keeps),
        new(IdentityKinds.Project, "domain_id", IdentityKinds.Domain, ReferenceHold.Keeps),

        // A replica in the trash is judged by what is known of its volume, which its own trash keeps.
        new(EntityKinds.Replication, "volume_id", EntityKinds.Volume, ReferenceHold.Follows),
        new(EntityKinds.Handover, OwnId, EntityKinds.Volume, ReferenceHold.Follows),
        new(EntityKinds.GroupMember, OwnId, EntityKinds.Volume, ReferenceHold.Follows),
        new(EntityKinds.SnapshotCopy, "snapshot_id", EntityKinds.Snapshot, ReferenceHold.Follows),
        new(EntityKinds.Connection, "snapshot_id", EntityKinds.Snapshot, ReferenceHold.Follows),
        new(EntityKinds.GroupDrill, "group_id", EntityKinds.Group, ReferenceHold.Follows),
        new(EntityKinds.Quota, OwnId, IdentityKinds.Project, ReferenceHold.Follows),
        new(IdentityKinds.User, "default_project_id", IdentityKinds.Project, ReferenceHold.Follows),
    ];

    /// <summary>The id that the child refers to; null when it refers to none.</summary>
    public string? ParentOf(Entity child) => Field == OwnId ? child.Id : child.Text(Field) is { Length: > 0 } id ? id : null;

    /// <summary>Those that keep what they refer to; what a run of a replication keeps as a recovery point goes with its volume.</summary>
    internal static IEnumerable<Reference> Keeping(string parentKind) => All.Where(r => r.Hold == ReferenceHold.Keeps && r.Parent == parentKind);

    /// <summary>True of a child that keeps its parent, and not one that the machinery made and takes away itself.</summary>
    internal static bool IsKeeper(Entity child) => child.Key.Kind != EntityKinds.Snapshot || !Replication.RunSnapshot.IsOne(child);
}
