using System.Text.Json.Serialization;

namespace Skerry.Client.Native.Wire;

/// <summary>
/// How <c>/skerry/v1</c> writes its records: snake_case names, numbers with their unit in the name, times as RFC 3339. Names that a
/// reader does not know are skipped, so that versions can differ.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(SiteReply))]
[JsonSerializable(typeof(SiteList))]
[JsonSerializable(typeof(SiteInviteRequest))]
[JsonSerializable(typeof(InvitationReply))]
[JsonSerializable(typeof(SiteJoinRequest))]
[JsonSerializable(typeof(JoinReply))]
[JsonSerializable(typeof(SiteActionRequest))]
[JsonSerializable(typeof(SiteRotateRequest))]
[JsonSerializable(typeof(LinkList))]
[JsonSerializable(typeof(InvitationList))]
[JsonSerializable(typeof(VolumeReply))]
[JsonSerializable(typeof(VolumeList))]
[JsonSerializable(typeof(VolumeCreateRequest))]
[JsonSerializable(typeof(VolumeUpdateRequest))]
[JsonSerializable(typeof(VolumeExtendRequest))]
[JsonSerializable(typeof(VolumeRevertRequest))]
[JsonSerializable(typeof(VolumeCheckRequest))]
[JsonSerializable(typeof(VolumeCheckResult))]
[JsonSerializable(typeof(VolumeUsageRequest))]
[JsonSerializable(typeof(VolumeUsageResult))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(ConnectionReply))]
[JsonSerializable(typeof(ConnectionList))]
[JsonSerializable(typeof(SnapshotReply))]
[JsonSerializable(typeof(SnapshotDiffReply))]
[JsonSerializable(typeof(SnapshotList))]
[JsonSerializable(typeof(SnapshotCreateRequest))]
[JsonSerializable(typeof(ReplicationReply))]
[JsonSerializable(typeof(ReplicationList))]
[JsonSerializable(typeof(ReplicationHistory))]
[JsonSerializable(typeof(ReplicationRetargetRequest))]
[JsonSerializable(typeof(ReplicationCreateRequest))]
[JsonSerializable(typeof(ReplicationSettingsRequest))]
[JsonSerializable(typeof(RecoveryRequest))]
[JsonSerializable(typeof(RecoveryPreviewReply))]
[JsonSerializable(typeof(RecoveryReply))]
[JsonSerializable(typeof(DrillReply))]
[JsonSerializable(typeof(DrillList))]
[JsonSerializable(typeof(DrillStartRequest))]
[JsonSerializable(typeof(GroupDrillReply))]
[JsonSerializable(typeof(GroupDrillList))]
[JsonSerializable(typeof(GroupDrillStartRequest))]
[JsonSerializable(typeof(TrashList))]
[JsonSerializable(typeof(TrashRestoreRequest))]
[JsonSerializable(typeof(GroupReply))]
[JsonSerializable(typeof(GroupList))]
[JsonSerializable(typeof(GroupCreateRequest))]
[JsonSerializable(typeof(GroupReplicateRequest))]
[JsonSerializable(typeof(GroupRecoveryRequest))]
[JsonSerializable(typeof(GroupPreviewReply))]
[JsonSerializable(typeof(GroupRecoveryReply))]
[JsonSerializable(typeof(PlanReply))]
[JsonSerializable(typeof(PlanList))]
[JsonSerializable(typeof(PlanSetRequest))]
[JsonSerializable(typeof(SiteMoveRequest))]
[JsonSerializable(typeof(SitePreviewReply))]
[JsonSerializable(typeof(SiteMoveReply))]
[JsonSerializable(typeof(OperationReply))]
[JsonSerializable(typeof(OperationList))]
[JsonSerializable(typeof(ConflictReply))]
[JsonSerializable(typeof(ConflictList))]
[JsonSerializable(typeof(ConflictResolveRequest))]
[JsonSerializable(typeof(ConflictUndoRequest))]
[JsonSerializable(typeof(SettledConflictReply))]
[JsonSerializable(typeof(SettledConflictList))]
[JsonSerializable(typeof(QuotaReply))]
[JsonSerializable(typeof(QuotaSetRequest))]
[JsonSerializable(typeof(AlertReply))]
[JsonSerializable(typeof(AlertList))]
[JsonSerializable(typeof(EventList))]
[JsonSerializable(typeof(ChangeRecord))]
[JsonSerializable(typeof(ApiVersionRecord))]
public sealed partial class SkerryJson : JsonSerializerContext;

/// <summary>What <c>GET /skerry/v1</c> answers.</summary>
public sealed record ApiVersionRecord(string Version, string Software, string SiteId, string SiteName, string Region);

/// <summary>One event of the stream of <c>GET /skerry/v1/events</c>: something about this entity changed; ask again for what.</summary>
public sealed record ChangeRecord(string Kind, string Id);
