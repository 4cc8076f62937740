using System.Runtime.CompilerServices;
using Skerry.Domain.Volumes;
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
    public const string KeepSourceField = "keep_source";
    public const string KeepTargetField = "keep_target";
    public const string PassedOnField = "passed_on";
    public const string AdoptField = "adopt";
    public const string LeftField = "left_sites";
    public const string CiphertextOnlyField = "ciphertext_only";

    /// <summary>
    /// True when the other site holds the encrypted volume's blocks and never its key. So it is never primary, and this never reverses.
    /// </summary>
    public bool IsCiphertextOnly { get; init; }

    /// <summary>The volume at the target whose data the replica begins with; null when nothing is to be taken over, or that is done.</summary>
    public string? AdoptFrom { get; init; }

    /// <summary>Sites that held the replica before it was moved and have not yet purged what they hold.</summary>
    public IReadOnlyList<LeftSite> Left { get; init; } = [];

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

    /// <summary>
    /// True while it is in doubt where a copy is to be. It is paused then, and no copy that it left is purged: what is shipped to the wrong
    /// place, or taken away at the right one, is not undone by the choice.
    /// </summary>
    public bool IsInConflict { get; init; }

    /// <summary>Of a paused one: why, and what helps.</summary>
    public (string Reason, string NextStep) WhyPaused => IsInConflict
        ? ("It was moved to different places by sites that did not know of each other.", $"Choose one: skerry conflict list --entity {Id}")
        : ("Somebody paused it.", "Resume it when the replica should follow again.");

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

    /// <summary>How long the states of past runs are kept where the volume is primary; null when nothing was said.</summary>
    public Retention? KeepSource { get; init; }

    /// <summary>How long at the replica, where it holds also for what was deleted at the primary; null when nothing was said.</summary>
    public Retention? KeepTarget { get; init; }

    /// <summary>True when the copy at home was a replica when the relation was made, and passes on what it has.</summary>
    public bool IsPassedOn { get; init; }

    /// <summary>The sites that get their copies from the other site, near or far.</summary>
    public IReadOnlyList<string> Beyond { get; init; } = [];

    /// <summary>
    /// Which site holds the replica follows from who is primary, so a failover reverses the relation without a write: the replica
    /// is at the other site, or at home when the other site, or one that gets its copy from there, became primary. Of several relations
    /// of a volume all follow the new primary by the same rule.
    /// </summary>
    public (string Site, string Backend) ReplicaOf(string primarySite) =>
        IsReversed(primarySite) ? (HomeSite, HomeBackend) : (OtherSite, OtherBackend);

    /// <summary>
    /// Which site sends to the replica: the primary itself, or the replica in between that passes on what it has.
    /// </summary>
    public string SourceOf(string primarySite) => IsReversed(primarySite) ? OtherSite : IsPassedOn ? HomeSite : primarySite;

    /// <summary>The site that holds the replica, judged by who is primary, or was last.</summary>
    public string ReplicaSide(StateView state) => ReplicaOf(Generations.Owner(Generations.Of(state, VolumeId)) ?? HomeSite).Site;

    /// <summary>The backend of the volume's copy at a site of this relation; null for other sites.</summary>
    public string? BackendAt(string site) =>
        site == HomeSite ? HomeBackend : site == OtherSite ? OtherBackend : null;

    /// <summary>An encrypted volume's key as wrapped for a site of this relation; null while it was not, and for other sites.</summary>
    public string? KeyAt(string site) => site == HomeSite ? HomeKey : site == OtherSite ? OtherKey : null;

    /// <summary>The field with the key that is wrapped for a site of this relation.</summary>
    public string KeyFieldOf(string site) => site == HomeSite ? HomeKeyField : TargetKeyField;

    private bool IsReversed(string primarySite) => primarySite == OtherSite || Beyond.Contains(primarySite);

    public static EntityKey Key(string id) => new(EntityKinds.Replication, id);

    /// <summary>Entities never change, so each is read once; many reconcilers look at all relations at each change of one.</summary>
    private static readonly ConditionalWeakTable<Entity, Relation?> Known = [];

    /// <summary>Null when the entity is not, or not yet, a whole relation. The same entity gives the same object.</summary>
    public static Relation? Read(Entity entity) => Known.GetValue(entity, Parse);

    private static Relation? Parse(Entity entity) =>
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
                entity.Flag(PausedField) || IsContested(entity),
                entity.Text(OnReturnField, ReturnPolicies.Resync),
                entity.Instant(SyncRequestedField),
                entity.Text(ResyncGenerationField),
                entity.Json(SourceStatusField, ReplicationJson.Default.SourceStatus) is { } source && IsOf(source.Peer, home, other) ? source : null,
                entity.Json(TargetStatusField, ReplicationJson.Default.TargetStatus) is { } target && IsOf(target.Site, home, other) ? target : null,
                entity.Instant(CreatedField) ?? DateTimeOffset.UnixEpoch,
                entity.Text(HomeKeyField),
                entity.Text(TargetKeyField))
            {
                Times = entity.Text(TimesField),
                Days = entity.Text(DaysField),
                TimeZone = entity.Text(TimeZoneField),
                ScheduledAt = entity.Instant(ScheduledField),
                KeepSource = Retention.Read(entity.Text(KeepSourceField)),
                KeepTarget = Retention.Read(entity.Text(KeepTargetField)),
                IsPassedOn = entity.Flag(PassedOnField),
                IsCiphertextOnly = entity.Flag(CiphertextOnlyField),
                AdoptFrom = entity.Text(AdoptField),
                Left = entity.Json(LeftField, ReplicationJson.Default.IReadOnlyListLeftSite) ?? [],
                WallClock = WallClock.Read(entity.Text(TimesField), entity.Text(DaysField), entity.Text(TimeZoneField)),
                Ack = entity.Text(AckField, AckPolicies.Local),
                OnIsolation = entity.Text(OnIsolationField, IsolationPolicies.Continue),
                Failover = entity.Text(FailoverField, FailoverPolicies.Manual),
                LocalOnly = entity.Json(LocalOnlyField, ReplicationJson.Default.LocalOnly),
                IsInConflict = IsContested(entity),
            }
            : null;

    /// <summary>Two sites moved a copy to different places, and nobody chose between them yet.</summary>
    private static bool IsContested(Entity entity) =>
        entity.IsContested(HomeSiteField) || entity.IsContested(HomeBackendField) || entity.IsContested(TargetSiteField) || entity.IsContested(TargetBackendField);

    /// <summary>What was said of a replica at a place that it has been moved from says nothing of the one that is now.</summary>
    private static bool IsOf(string? site, string home, string other) => site is null || site == home || site == other;

    public static Relation? Find(StateView state, string id) =>
        state.Find(EntityKinds.Replication, id) is { } entity && Read(entity) is { } relation
            ? InItsChain(relation, PassedOn(state.List(EntityKinds.Replication)))
            : null;

    public static IEnumerable<Relation> All(StateView state) => Read(state.List(EntityKinds.Replication));

    public static IReadOnlyList<Relation> OfVolume(StateView state, string volumeId) =>
        [.. Read([.. state.List(EntityKinds.Replication).Where(e => e.Text(VolumeIdField) == volumeId)])];

    private static IEnumerable<Relation> Read(IReadOnlyList<Entity> entities)
    {
        var passedOn = PassedOn(entities);
        return entities.Select(Read).OfType<Relation>().Select(r => InItsChain(r, passedOn));
    }

    private static List<(string VolumeId, string From, string To)> PassedOn(IReadOnlyList<Entity> entities) =>
    [
        .. entities.Where(e => e.Flag(PassedOnField))
            .Select(e => (e.Text(VolumeIdField, ""), e.Text(HomeSiteField, ""), e.Text(TargetSiteField, ""))),
    ];

    private static Relation InItsChain(Relation relation, List<(string VolumeId, string From, string To)> passedOn)
    {
        var beyond = new List<string>();
        for (var at = -1; at < beyond.Count && passedOn.Count > 0; at++)
        {
            var from = at < 0 ? relation.OtherSite : beyond[at];
            beyond.AddRange(passedOn.Where(p => p.VolumeId == relation.VolumeId && p.From == from && p.To != relation.HomeSite && !beyond.Contains(p.To))
                .Select(p => p.To).ToList());
        }

        return beyond.Count == 0 ? relation : relation with { Beyond = beyond };
    }
}

/// <summary>A site that held a replica until it was moved.</summary>
internal sealed record LeftSite(string Site, string Backend, DateTimeOffset At);
