using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Group;

internal static class GroupView
{
    public static readonly View<GroupRecord> Group = new(
        "group",
        OutputJson.Default.GroupRecord,
        new("id", "UUID.", g => g.Id),
        new("name", "Name.", g => g.Name),
        new("volumes", "Names of its volumes.", g => g.Members.Select(m => m.VolumeName ?? m.VolumeId).ToList()),
        new("primary_site", "Site that is primary of all volumes; null when they are not at one.", g => g.PrimarySite),
        new("replica_site", "Site that holds all replicas now.", g => g.ReplicaSite),
        new("home_site", "Where failback brings them.", g => g.HomeSite, IsBrief: false),
        new("target_site", "Where the group is replicated to.", g => g.TargetSite, IsBrief: false),
        new("mode", "instant, one-time or periodic.", g => g.Mode),
        new("status", "The word of the volume that is furthest from whole.", g => g.Status),
        new("reason", "Why, where the word alone does not say it.", g => g.Reason, IsBrief: false),
        new("next_step", "What helps.", g => g.NextStep, IsBrief: false),
        new("recovery_point_at", "The newest instant that all replicas have; null when there is none.", g => g.RecoveryPoint?.TakenAt),
        new("recovery_point_age_seconds", "How old that is.", g => g.RecoveryPoint?.AgeSeconds),
        new("recovery_point_cut_id", "The cut of that instant.", g => g.RecoveryPoint?.CutId, IsBrief: false),
        new("recovery_points", "The cuts that all replicas keep, the newest first; for --cut.", g => g.RecoveryPoints.Select(p => p.CutId).ToList(), IsBrief: false),
        new("recovery_point_known_at", "When what is said of it was true.", g => g.RecoveryPoint?.KnownAt, IsBrief: false),
        new("recovery_point_reason", "Why there is none.", g => g.RecoveryPointReason, IsBrief: false),
        new("cut_interval_seconds", "Between two cuts, in instant mode.", g => g.CutIntervalSeconds, IsBrief: false),
        new("last_cut_held_microseconds", "For how long the last cut held the volumes' writes.", g => g.LastCut?.HeldMicroseconds, IsBrief: false),
        new("last_cut_reason", "Why no cut is taken now, or why the last one becomes no recovery point.", g => g.LastCut?.Reason, IsBrief: false),
        new("interval_seconds", "Between two runs, in periodic mode.", g => g.IntervalSeconds, IsBrief: false),
        new("keep_source", "How long states of past runs are kept at the source.", g => g.KeepSource, IsBrief: false),
        new("keep_target", "How long states of past runs are kept at the replicas.", g => g.KeepTarget, IsBrief: false),
        new("start_at", "First run, in periodic mode.", g => g.StartAt, IsBrief: false),
        new("on_return", "resync or wait: what a returning former primary does.", g => g.OnReturn, IsBrief: false),
        new("created_at", "When it was made.", g => g.CreatedAt, IsBrief: false));
}
