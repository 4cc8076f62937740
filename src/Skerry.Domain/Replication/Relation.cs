using Skerry.State.Merging;

namespace Skerry.Domain.Replication;

/// <summary>A replication as it is stored: one standing relation of a volume between its home and one other site.</summary>
internal sealed record Relation(
    string Id,
    string VolumeId,
    string HomeSite,
    string HomeBackend,
    string OtherSite,
    string OtherBackend,
    string Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    bool IsPaused,
    string OnReturn,
    DateTimeOffset? SyncRequestedAt,
    string? ResyncGeneration,
    SourceStatus? Source,
    TargetStatus? Target,
    DateTimeOffset CreatedAt,
    string? HomeKey = null,
    string? OtherKey = null)
{
    public const string VolumeIdField = "volume_id";
    public const string HomeSiteField = "home_site";
    public const string HomeBackendField = "home_backend";
    public const string TargetSiteField = "target_site";
    public const string TargetBackendField = "target_backend";
    public const string ModeField = "mode";
    public const string IntervalField = "interval_seconds";
    public const string StartField = "start_at";
    public const string PausedField = "paused";
    public const string OnReturnField = "on_return";
    public const string SyncRequestedField = "sync_requested_at";
    public const string ResyncGenerationField = "resync_generation";
    public const string CreatedField = "created_at";
    public const string SourceStatusField = "source_status";
    public const string TargetStatusField = "target_status";
    public const string HomeKeyField = "home_key";
    public const string TargetKeyField = "target_key";

    /// <summary>Of a deleted relation: its replica was taken away for good.</summary>
    public const string PurgedField = "purged";
    public const string TimesField = "at";
    public const string DaysField = "days";
    public const string TimeZoneField = "time_zone";
    public const string ScheduledField = "scheduled_at";

    /// <summary>Times of day of periodic mode, as they were written; null for an interval.</summary>
    public string? Times { get; init; }

    /// <summary>The days of these times, as they were written; null for each day.</summary>
    public string? Days { get; init; }

    /// <summary>The IANA name of the zone of these times; null for UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>When the schedule was last changed; null when never.</summary>
    public DateTimeOffset? ScheduledAt { get; init; }

    /// <summary>The times of day, read; null for an interval, and where this site does not know the zone.</summary>
    public WallClock? WallClock { get; init; }

    public const string AckField = "ack";
    public const string OnIsolationField = "on_isolation";
    public const string FailoverField = "failover";
    public const string LocalOnlyField = "local_only";

    /// <summary>One of <see cref="AckPolicies"/>.</summary>
    public string Ack { get; init; } = AckPolicies.Local;

    /// <summary>One of <see cref="IsolationPolicies"/>.</summary>
    public string OnIsolation { get; init; } = IsolationPolicies.Continue;

    /// <summary>One of <see cref="FailoverPolicies"/>.</summary>
    public string Failover { get; init; } = FailoverPolicies.Manual;

    /// <summary>
    /// Since when, and why, flushes are acknowledged at the primary alone though <see cref="Ack"/> asks for more. Written before the
    /// first that is, and taken back when the replica has everything again.
    /// </summary>
    public LocalOnly? LocalOnly { get; init; }

    /// <summary>The lease is asked for in instant mode only: other modes have no replica that could be promoted without loss.</summary>
    public bool Stops => OnIsolation == IsolationPolicies.Stop && Mode == ReplicationModes.Instant;

    public bool WaitsForReplica => Ack == AckPolicies.Replica && Mode == ReplicationModes.Instant;

    /// <summary>
    /// Which site holds the replica follows from who is primary, so a failover reverses the relation without a write: the replica
    /// is at the other site, or at home when the other site became primary. Of several relations of a volume all follow the new
    /// primary by the same rule.
    /// </summary>
    public (string Site, string Backend) ReplicaOf(string primarySite) =>
        primarySite == OtherSite ? (HomeSite, HomeBackend) : (OtherSite, OtherBackend);

    /// <summary>The backend of the volume's copy at a site of this relation; null for other sites.</summary>
    public string? BackendAt(string site) =>
        site == HomeSite ? HomeBackend : site == OtherSite ? OtherBackend : null;

    /// <summary>An encrypted volume's key as wrapped for a site of this relation; null while it was not, and for other sites.</summary>
    public string? KeyAt(string site) => site == HomeSite ? HomeKey : site == OtherSite ? OtherKey : null;

    /// <summary>The field with the key that is wrapped for a site of this relation.</summary>
    public string KeyFieldOf(string site) => site == HomeSite ? HomeKeyField : TargetKeyField;

    public static EntityKey Key(string id) => new(EntityKinds.Replication, id);

    /// <summary>Null when the entity is not, or not yet, a whole relation.</summary>
    public static Relation? Read(Entity entity) =>
        entity.Text(VolumeIdField) is { } volumeId && entity.Text(HomeSiteField) is { } home && entity.Text(TargetSiteField) is { } other
            ? new Relation(
                entity.Id,
                volumeId,
                home,
                entity.Text(HomeBackendField, ""),
                other,
                entity.Text(TargetBackendField, ""),
                entity.Text(ModeField, ReplicationModes.Instant),
                entity.Integer(IntervalField),
                entity.Instant(StartField),
                entity.Flag(PausedField),
                entity.Text(OnReturnField, ReturnPolicies.Resync),
                entity.Instant(SyncRequestedField),
                entity.Text(ResyncGenerationField),
                entity.Json(SourceStatusField, ReplicationJson.Default.SourceStatus),
                entity.Json(TargetStatusField, ReplicationJson.Default.TargetStatus),
                entity.Instant(CreatedField) ?? DateTimeOffset.UnixEpoch,
                entity.Text(HomeKeyField),
                entity.Text(TargetKeyField))
            {
                Times = entity.Text(TimesField),
                Days = entity.Text(DaysField),
                TimeZone = entity.Text(TimeZoneField),
                ScheduledAt = entity.Instant(ScheduledField),
                WallClock = WallClock.Read(entity.Text(TimesField), entity.Text(DaysField), entity.Text(TimeZoneField)),
                Ack = entity.Text(AckField, AckPolicies.Local),
                OnIsolation = entity.Text(OnIsolationField, IsolationPolicies.Continue),
                Failover = entity.Text(FailoverField, FailoverPolicies.Manual),
                LocalOnly = entity.Json(LocalOnlyField, ReplicationJson.Default.LocalOnly),
            }
            : null;

    public static Relation? Find(StateView state, string id) =>
        state.Find(EntityKinds.Replication, id) is { } entity ? Read(entity) : null;

    public static IEnumerable<Relation> All(StateView state) => state.List(EntityKinds.Replication).Select(Read).OfType<Relation>();

    public static IReadOnlyList<Relation> OfVolume(StateView state, string volumeId) =>
        [.. state.List(EntityKinds.Replication).Where(e => e.Text(VolumeIdField) == volumeId).Select(Read).OfType<Relation>()];
}
