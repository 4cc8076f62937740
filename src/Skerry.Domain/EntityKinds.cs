namespace Skerry.Domain;

/// <summary>The kinds of entity, as they are stored. What their fields mean is in <see cref="DomainSchema"/>.</summary>
public static class EntityKinds
{
    public const string Cloud = "cloud";
    public const string Site = "site";
    public const string Link = "link";
    public const string Invitation = "invitation";
    public const string Suspicion = "suspicion";

    public const string Volume = "volume";
    public const string Snapshot = "snapshot";
    public const string SnapshotCopy = "snapshot_copy";
    public const string VolumeType = "volume_type";
    public const string QosSpec = "qos_spec";
    public const string Connection = "connection";
    public const string Attachment = "attachment";
    public const string Quota = "quota";
    public const string QuotaShare = "quota_share";
    public const string QuotaCharge = "quota_charge";

    public const string Generation = "generation";
    public const string Handover = "handover";
    public const string Replication = "replication";
    public const string Group = "group";
    public const string GroupMember = "group_member";
    public const string GroupDrill = "group_drill";
    public const string RecoveryPlan = "recovery_plan";
    public const string Operation = "operation";
}
