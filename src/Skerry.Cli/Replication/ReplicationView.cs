using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Replication;

internal static class ReplicationView
{
    public static readonly View<ReplicationRecord> Replication = new(
        "replication",
        OutputJson.Default.ReplicationRecord,
        new("id", "UUID.", r => r.Id),
        new("volume_id", "Volume, which has the same id at both sites.", r => r.VolumeId, IsBrief: false),
        new("volume_name", "Name of the volume.", r => r.VolumeName),
        new("source_site", "Site that is primary now; null while nobody is.", r => r.SourceSite),
        new("target_site", "Site that holds the replica now.", r => r.TargetSite),
        new("target_backend", "Backend of the replica.", r => r.TargetBackend, IsBrief: false),
        new("home_site", "Where failback brings the primary.", r => r.HomeSite, IsBrief: false),
        new("mode", "instant, one-time or periodic.", r => r.Mode),
        new("status", "Sums up both sides: active - primary, active - updating, active - secondary, or plain words.", r => r.Status),
        new("reason", "Why, where the word alone does not say it.", r => r.Reason, IsBrief: false),
        new("next_step", "What helps.", r => r.NextStep, IsBrief: false),
        new("lag_bytes", "Written and not yet acknowledged by the replica, as the source last said.", r => r.Source?.LagBytes),
        new("lag_seconds", "Age of the oldest write that the replica has not acknowledged, as the source last said.", r => r.Source?.LagSeconds),
        new("recovery_point_at", "When the primary's disk was in the state that the replica can be promoted to.", r => r.Target?.RecoveryPoint?.TakenAt),
        new("recovery_point_age_seconds", "Age of that state now.", r => r.RecoveryPointAgeSeconds, IsBrief: false),
        new("recovery_point_generation", "Generation of the last write in that state.", r => r.Target?.RecoveryPoint?.Generation, IsBrief: false),
        new("recovery_point_number", "Number of the last write in that state.", r => r.Target?.RecoveryPoint?.Number, IsBrief: false),
        new("source_state", "What the source's site last said of the replica.", r => r.Source?.State, IsBrief: false),
        new("source_at", "When it said that.", r => r.Source?.At, IsBrief: false),
        new("source_reason", "Why.", r => r.Source?.Reason, IsBrief: false),
        new("target_state", "What the target's site last said of its copy.", r => r.Target?.State, IsBrief: false),
        new("target_at", "When it said that.", r => r.Target?.At, IsBrief: false),
        new("target_reason", "Why.", r => r.Target?.Reason, IsBrief: false),
        new("target_heard_at", "When the target last heard the source.", r => r.Target?.HeardAt, IsBrief: false),
        new("last_sync_at", "When the replica was last whole.", r => r.Source?.LastSyncAt, IsBrief: false),
        new("transfer_kind", "first-copy, catch-up or resync: of the running transfer.", r => r.Source?.Transfer?.Kind, IsBrief: false),
        new("transfer_total_bytes", "What the running transfer has to handle.", r => r.Source?.Transfer?.TotalBytes, IsBrief: false),
        new("transfer_done_bytes", "How much of that is done.", r => r.Source?.Transfer?.DoneBytes, IsBrief: false),
        new("transfer_bytes_per_second", "Its rate lately.", r => r.Source?.Transfer?.BytesPerSecond, IsBrief: false),
        new("transfer_left_seconds", "Time left at that rate.", r => r.Source?.Transfer?.SecondsLeft, IsBrief: false),
        new("last_transfer_kind", "Of the last transfer that was completed.", r => Last(r)?.Kind, IsBrief: false),
        new("last_transfer_compared_bytes", "What it compared by digest at both sides.", r => Last(r)?.ComparedBytes, IsBrief: false),
        new("last_transfer_moved_bytes", "What it moved over the link.", r => Last(r)?.MovedBytes, IsBrief: false),
        new("last_transfer_equal_bytes", "What it found equal and did not move.", r => Last(r)?.EqualBytes, IsBrief: false),
        new("last_transfer_ended_at", "When it ended.", r => Last(r)?.EndedAt, IsBrief: false),
        new("diverged_snapshot_id", "Snapshot that keeps what a former primary wrote apart.", r => r.Target?.DivergedSnapshotId, IsBrief: false),
        new("passed_on", "Whether the source is itself a replica, which passes on what it has.", r => r.PassedOn, IsBrief: false),
        new("keep_source", "How long states of past runs are kept at the source.", r => r.KeepSource, IsBrief: false),
        new("keep_target", "How long at the replica, deleted snapshots included.", r => r.KeepTarget, IsBrief: false),
        new("is_paused", "Whether it ships nothing until resumed.", r => r.Paused, IsBrief: false),
        new("on_return", "resync or wait: what a returning former primary does.", r => r.OnReturn, IsBrief: false),
        new("interval_seconds", "Between two runs, in periodic mode.", r => r.IntervalSeconds, IsBrief: false),
        new("at", "Times of day of periodic mode, in place of an interval.", r => r.At, IsBrief: false),
        new("days", "Days of these times; null for each day.", r => r.Days, IsBrief: false),
        new("time_zone", "Zone of these times; null for UTC.", r => r.TimeZone, IsBrief: false),
        new("start_at", "First run, in periodic mode.", r => r.StartAt, IsBrief: false),
        new("next_run_at", "Next run, in periodic mode.", r => r.NextRunAt, IsBrief: false),
        new("ack", "local or replica: where an acknowledged flush is durable.", r => r.Ack, IsBrief: false),
        new("on_isolation", "continue or stop: what the primary does with the replica out of reach.", r => r.OnIsolation, IsBrief: false),
        new("failover", "manual or automatic: who promotes the replica when the primary's site is lost.", r => r.Failover, IsBrief: false),
        new("acks", "both, local-only or held: what a flush that comes now is acknowledged for, as the source last said.", r => r.Source?.Acks?.State, IsBrief: false),
        new("is_under_lease", "Whether the primary acknowledges nothing without the target's lease, as the source last said.", r => r.Source?.Acks?.IsUnderLease, IsBrief: false),
        new("local_only_since", "Since when flushes are acknowledged at the primary alone though more is asked for.", r => r.LocalOnlySince, IsBrief: false),
        new("created_at", "When it was made.", r => r.CreatedAt, IsBrief: false));

    private static TransferRecord? Last(ReplicationRecord replication) =>
        replication.Source?.LastTransfer ?? replication.Target?.LastTransfer;
}
