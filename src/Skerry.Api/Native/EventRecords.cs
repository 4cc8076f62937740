using Skerry.Client.Native.Wire;
using Skerry.Domain.Events;

namespace Skerry.Api.Native;

/// <summary>Events as they are written.</summary>
public static class EventRecords
{
    public static EventRecord Of(SiteEvent told, string siteName) => new(told.Id, told.Sequence, told.Kind, told.At, told.Message)
    {
        Site = siteName,
        VolumeId = told.VolumeId,
        VolumeName = told.VolumeName,
        Generation = told.Generation,
        Cause = told.Cause,
        FromSite = told.FromSite,
        ToSite = told.ToSite,
        ForkNumber = told.ForkNumber,
        SnapshotId = told.SnapshotId,
        ReplicationId = told.ReplicationId,
        MissedRuns = told.MissedRuns,
        MissedRunsTotal = told.MissedRunsTotal,
        MissedUpTo = told.MissedUpTo,
        Side = told.Side,
        LagSeconds = told.LagSeconds,
        LagBytes = told.LagBytes,
        TransferKind = told.TransferKind,
        MovedBytes = told.MovedBytes,
        DurationSeconds = told.DurationSeconds,
        GroupId = told.GroupId,
        GroupName = told.GroupName,
        OperationId = told.OperationId,
        Status = told.Status,
        Reason = told.Reason,
        Forced = told.IsForced,
        VolumesMoved = told.VolumesMoved,
        VolumesFailed = told.VolumesFailed,
        VolumesSkipped = told.VolumesSkipped,
        AlertId = told.AlertId,
        ConflictId = told.ConflictId,
    };
}
