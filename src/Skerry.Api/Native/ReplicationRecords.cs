using Skerry.Client.Native.Wire;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;

namespace Skerry.Api.Native;

/// <summary>Replication and recovery in the words of the wire: sites by name.</summary>
internal static class ReplicationRecords
{
    public static ReplicationRecord Of(ReplicationView view, SiteLabels labels) => new(
        view.Id,
        view.VolumeId,
        view.VolumeName,
        labels.OrNone(view.HomeSite),
        labels.OrNone(view.SourceSite),
        labels.Of(view.TargetSite),
        view.TargetBackend,
        view.Mode,
        view.IntervalSeconds,
        view.StartAt,
        view.NextRunAt,
        view.IsPaused,
        view.OnReturn,
        view.Status,
        view.Reason,
        view.NextStep,
        Of(view.Source),
        Of(view.Target),
        view.CreatedAt)
    {
        At = view.At,
        Days = view.Days,
        TimeZone = view.TimeZone,
        KeepSource = view.KeepSource,
        KeepTarget = view.KeepTarget,
        PassedOn = view.IsPassedOn,
        CiphertextOnly = view.IsCiphertextOnly,
        LocalStatus = view.LocalStatus,
        Generation = view.Generation,
        AdoptFrom = view.AdoptFrom,
        RecoveryPointAgeSeconds = view.RecoveryPointAgeSeconds,
        Ack = view.Ack,
        OnIsolation = view.OnIsolation,
        Failover = view.Failover,
        LocalOnlySince = view.LocalOnlySince,
    };

    public static RecoveryPreviewRecord Of(FailoverPreview preview, SiteLabels labels) => new(
        preview.VolumeId,
        labels.OrNone(preview.FromSite),
        labels.OrNone(preview.ToSite),
        preview.IsForced,
        Of(preview.RecoveryPoint),
        preview.SecondsSinceWhole,
        preview.OwedBytesAtLeast,
        preview.HeardAt,
        preview.KnownAt,
        preview.Loss,
        preview.Refusal is { } refusal ? NativeFaults.Record(refusal) : null)
    {
        SnapshotId = preview.SnapshotId,
        Choice = preview.Choice,
        MoreAdvancedSite = labels.OrNone(preview.MoreAdvancedSite),
        BehindWrites = preview.WritesBehind,
        BehindSeconds = preview.SecondsBehind,
    };

    public static DrillRecord Of(Drill drill, SiteLabels labels) => new(
        drill.Id,
        drill.VolumeId,
        drill.VolumeName,
        labels.Of(drill.Site),
        drill.Status,
        drill.Reason,
        Of(drill.RecoveryPoint),
        drill.Number,
        drill.StartedAt,
        drill.EndsAt,
        drill.MadeBy)
    {
        GroupDrillId = drill.GroupDrillId,
    };

    public static TrashRecord Of(TrashedReplica replica, SiteLabels labels) => new(
        replica.Id,
        replica.VolumeId,
        replica.VolumeName,
        replica.SizeGib,
        labels.Of(replica.Site),
        replica.Backend,
        replica.IsVolumeGone,
        replica.DeletedAt,
        replica.PurgeAt,
        Of(replica.RecoveryPoint));

    public static RecoveryReply Of(RecoveryTicket ticket, SiteLabels labels) => new(
        ticket.VolumeId, ticket.OperationId, labels.Of(ticket.Site), ticket.Preview is { } preview ? Of(preview, labels) : null);

    private static ReplicationSourceRecord? Of(SourceStatus? source) => source is null
        ? null
        : new ReplicationSourceRecord(
            source.State,
            source.Reason,
            source.NextStep,
            source.At,
            source.Since,
            source.Generation,
            source.LagBytes,
            source.LagSeconds,
            source.PrimaryNumber,
            source.ReplicaNumber,
            Of(source.Transfer),
            Of(source.LastTransfer),
            source.LastSyncAt)
        {
            Acks = source.Acks is { } acks ? new ReplicationAcksRecord(acks.State, acks.Reason, acks.IsUnderLease) : null,
            Retry = source.Retry is { } retry
                ? new RetryRecord(retry.FailedAttempts, retry.AttemptsLeft, retry.NextAttemptAt, retry.CanHelp)
                : null,
            MissedRuns = source.MissedRuns,
        };

    public static TransferEntryRecord Of(TransferEntry entry) => new(
        entry.Side, entry.Kind, entry.Result, entry.Reason, entry.StartedAt, entry.EndedAt, (entry.EndedAt - entry.StartedAt).TotalSeconds,
        entry.TotalBytes, entry.MovedBytes, entry.ComparedBytes, entry.EqualBytes);

    private static ReplicationTargetRecord? Of(TargetStatus? target) => target is null
        ? null
        : new ReplicationTargetRecord(
            target.State,
            target.Reason,
            target.NextStep,
            target.At,
            target.Since,
            Of(target.RecoveryPoint),
            target.OwedBytes,
            target.HeardAt,
            Of(target.LastTransfer),
            target.DivergedSnapshotId);

    private static RecoveryPointRecord? Of(RecoveryPoint? point) =>
        point is null ? null : new RecoveryPointRecord(point.Generation, point.Number, point.TakenAt);

    private static TransferRecord? Of(TransferStatus? transfer) => transfer is null
        ? null
        : new TransferRecord(
            transfer.Kind,
            transfer.TotalBytes,
            transfer.DoneBytes,
            transfer.ComparedBytes,
            transfer.MovedBytes,
            transfer.EqualBytes,
            transfer.BytesPerSecond,
            transfer.SecondsLeft,
            transfer.StartedAt,
            transfer.EndedAt,
            transfer.ZeroedBytes,
            transfer.WireBytes);
}
