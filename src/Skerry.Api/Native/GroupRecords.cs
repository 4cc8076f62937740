using Skerry.Client.Native.Wire;
using Skerry.Domain.Groups;
using Skerry.Domain.Recovery;

namespace Skerry.Api.Native;

/// <summary>Groups, plans and their moves in the words of the wire: sites by name.</summary>
internal static class GroupRecords
{
    public static GroupRecord Of(GroupView view, SiteLabels labels, DateTimeOffset now) => new(
        view.Id,
        view.Name,
        view.Status,
        view.Reason,
        view.NextStep,
        labels.OrNone(view.PrimarySite),
        labels.OrNone(view.ReplicaSite),
        labels.OrNone(view.HomeSite),
        labels.OrNone(view.TargetSite),
        view.Mode,
        view.IntervalSeconds,
        view.StartAt,
        view.OnReturn,
        view.CutIntervalSeconds,
        Of(view.RecoveryPoint, view.PointKnownAt, now - view.ClockAhead),
        view.RecoveryPoint is null ? view.PointReason : null,
        view.Cuts is { } cuts ? new GroupCutRecord(cuts.At, cuts.CutId, cuts.HeldMicroseconds, cuts.Reason) : null,
        [
            .. view.Members.Select(m => new GroupMemberRecord(
                m.VolumeId, m.VolumeName, m.ReplicationId, labels.OrNone(m.PrimarySite), m.Status, m.Reason)),
        ],
        view.CreatedAt)
    {
        KeepSource = view.KeepSource,
        KeepTarget = view.KeepTarget,
        RecoveryPoints = [.. view.RecoveryPoints.Select(cut => Of(cut, view.PointKnownAt, now - view.ClockAhead)!)],
    };

    public static GroupDrillRecord Of(GroupDrill drill, SiteLabels labels) => new(
        drill.Id,
        drill.GroupId,
        drill.GroupName,
        labels.Of(drill.Site),
        drill.Status,
        drill.Reason,
        drill.Cut?.Id,
        drill.Cut?.TakenAt,
        drill.StartedAt,
        drill.EndsAt,
        drill.MadeBy,
        [.. drill.Members.Select(m => ReplicationRecords.Of(m, labels))]);

    public static GroupPreviewRecord Of(GroupPreview preview, SiteLabels labels, DateTimeOffset now) => new(
        preview.GroupId,
        labels.OrNone(preview.FromSite),
        labels.OrNone(preview.ToSite),
        preview.IsForced,
        Of(preview.RecoveryPoint, now, now),
        preview.SecondsSinceCut,
        preview.OwedBytesAtLeast,
        preview.Loss,
        [.. preview.Members.Select(m => ReplicationRecords.Of(m, labels))],
        preview.Refusal is { } refusal ? NativeFaults.Record(refusal) : null);

    public static SitePreviewRecord Of(SitePreview preview, SiteLabels labels) => new(
        labels.Of(preview.Site),
        preview.PlanName,
        preview.Report.IsForced,
        preview.OwedBytes,
        preview.LossSeconds,
        preview.EstimatedSeconds,
        [.. preview.Report.Volumes.Select(line => Of(line, labels))],
        preview.Refusal is { } refusal ? NativeFaults.Record(refusal) : null);

    public static PlanRecord Of(RecoveryPlan plan, SiteLabels labels) => new(
        plan.Name,
        labels.Of(plan.Site),
        labels.OrNone(plan.ToSite),
        plan.Parallel,
        [.. plan.Steps.Select(step => new PlanStepRecord(step.Name, step.Groups, step.Volumes))],
        plan.Skip,
        plan.Rest,
        plan.OnFailure);

    private static MoveLineRecord Of(MoveLine line, SiteLabels labels) => new(
        line.VolumeId, line.VolumeName, line.GroupId, line.Step, labels.OrNone(line.ToSite), line.State, line.Reason, line.OperationId,
        line.Generation, line.Number, line.LossSeconds, line.Loss, line.OwedBytes, line.StartedAt, line.Seconds);

    private static GroupPointRecord? Of(Cut? cut, DateTimeOffset? knownAt, DateTimeOffset now) =>
        cut is { } at ? new GroupPointRecord(at.Id, at.TakenAt, Math.Max(0, (now - at.TakenAt).TotalSeconds), knownAt) : null;
}
