using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Event;

internal static class EventView
{
    public static readonly View<EventRecord> Event = new(
        "event",
        OutputJson.Default.EventRecord,
        new("id", "UUID; the same each time that the same thing is told.", e => e.Id, IsBrief: false),
        new("sequence", "Counts the site's events.", e => e.Sequence, IsBrief: false),
        new("at", "When the site noticed, by its clock.", e => e.At),
        new("site", "The site where it happened.", e => e.Site),
        new("kind", "volume.promoted, volume.demoted, volume.diverged, volume.split_brain, replication.runs_missed, replication.behind, replication.caught_up, replication.transfer, group.failover, site.failover, alert.raised, alert.cleared, conflict.arisen or conflict.settled.", e => e.Kind),
        new("message", "What happened, in a sentence.", e => e.Message),
        new("volume_id", "Of which volume.", e => e.VolumeId, IsBrief: false),
        new("volume_name", "Its name then.", e => e.VolumeName, IsBrief: false),
        new("generation", "The generation that made the difference; of a divergence the one in which was written apart.", e => e.Generation, IsBrief: false),
        new("cause", "Of a role change: planned, failback, forced, automatic or restored.", e => e.Cause, IsBrief: false),
        new("from_site", "The site that was primary, or that was moved away from.", e => e.FromSite, IsBrief: false),
        new("to_site", "The site that is primary now, or that was moved to.", e => e.ToSite, IsBrief: false),
        new("fork_number", "The last write that both have.", e => e.ForkNumber, IsBrief: false),
        new("snapshot_id", "What keeps what was written apart.", e => e.SnapshotId, IsBrief: false),
        new("replication_id", "Of which replication.", e => e.ReplicationId, IsBrief: false),
        new("missed_runs", "Planned runs that will never be run, since the last such event.", e => e.MissedRuns, IsBrief: false),
        new("missed_runs_total", "Since the replication was made.", e => e.MissedRunsTotal, IsBrief: false),
        new("missed_up_to", "The newest of them was planned before this.", e => e.MissedUpTo, IsBrief: false),
        new("side", "At which end of the replication the site is: source or target.", e => e.Side, IsBrief: false),
        new("lag_seconds", "At a source the age of the oldest write that the replica lacks, at a target that of the newest state that it can be promoted to.", e => e.LagSeconds, IsBrief: false),
        new("lag_bytes", "What the replica lacks, where that is known.", e => e.LagBytes, IsBrief: false),
        new("transfer_kind", "Of a transfer: first-copy, catch-up, resync, adopt, or attempt for one that came to none.", e => e.TransferKind, IsBrief: false),
        new("moved_bytes", "Block content that the transfer moved.", e => e.MovedBytes, IsBrief: false),
        new("duration_seconds", "How long the transfer took.", e => e.DurationSeconds, IsBrief: false),
        new("group_id", "Of which group.", e => e.GroupId, IsBrief: false),
        new("group_name", "Its name then.", e => e.GroupName, IsBrief: false),
        new("operation_id", "The operation that moved a group or a site.", e => e.OperationId, IsBrief: false),
        new("status", "What it came to; of a transfer done or failed.", e => e.Status, IsBrief: false),
        new("reason", "Why it did not succeed.", e => e.Reason, IsBrief: false),
        new("forced", "Whether the old primaries' consent was done without.", e => e.Forced, IsBrief: false),
        new("volumes_moved", "How many volumes were moved.", e => e.VolumesMoved, IsBrief: false),
        new("volumes_failed", "How many were not.", e => e.VolumesFailed, IsBrief: false),
        new("volumes_skipped", "How many were left out.", e => e.VolumesSkipped, IsBrief: false),
        new("alert_id", "The alert that came or went.", e => e.AlertId, IsBrief: false),
        new("conflict_id", "The conflict that arose or was settled.", e => e.ConflictId, IsBrief: false));
}
