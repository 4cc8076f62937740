using System.Text.Json.Serialization;
using Skerry.Cli.Backend;
using Skerry.Cli.Quota;
using Skerry.Cli.Snapshot;
using Skerry.Cli.Volume;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Output;

/// <summary>How json and yaml write whole records: as the API does, nulls included, so that a script finds every field.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SiteRecord))]
[JsonSerializable(typeof(LinkRecord))]
[JsonSerializable(typeof(InvitationRecord))]
[JsonSerializable(typeof(JoinRecord))]
[JsonSerializable(typeof(VolumeRecord))]
[JsonSerializable(typeof(ConnectionRecord))]
[JsonSerializable(typeof(VolumeTypeRecord))]
[JsonSerializable(typeof(SnapshotRecord))]
[JsonSerializable(typeof(SnapshotDifferenceRow))]
[JsonSerializable(typeof(ReplicationRecord))]
[JsonSerializable(typeof(GroupRecord))]
[JsonSerializable(typeof(PlanRecord))]
[JsonSerializable(typeof(MoveLineRecord))]
[JsonSerializable(typeof(TransferEntryRecord))]
[JsonSerializable(typeof(OperationRecord))]
[JsonSerializable(typeof(RecoveryPreviewRecord))]
[JsonSerializable(typeof(DrillRecord))]
[JsonSerializable(typeof(GroupDrillRecord))]
[JsonSerializable(typeof(TrashRecord))]
[JsonSerializable(typeof(AlertRecord))]
[JsonSerializable(typeof(EventRecord))]
[JsonSerializable(typeof(ConflictRecord))]
[JsonSerializable(typeof(SettledConflictRecord))]
[JsonSerializable(typeof(UserRecord))]
[JsonSerializable(typeof(ProjectRecord))]
[JsonSerializable(typeof(QuotaRow))]
[JsonSerializable(typeof(VolumeUsageRow))]
[JsonSerializable(typeof(BackendRow))]
internal sealed partial class OutputJson : JsonSerializerContext;
