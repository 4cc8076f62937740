using System.Text.Json.Serialization;

namespace Skerry.Domain.Events;

/// <summary>The kinds of event. A kind always has the same fields; new kinds may come.</summary>
public static class EventKinds
{
    /// <summary>The copy at this site became the primary.</summary>
    public const string Promoted = "volume.promoted";

    /// <summary>The copy at this site is the primary no more.</summary>
    public const string Demoted = "volume.demoted";

    /// <summary>The copy at this site was written apart from the present primary.</summary>
    public const string Diverged = "volume.diverged";

    /// <summary>This site and another were promoted apart, in generations of one number.</summary>
    public const string SplitBrain = "volume.split_brain";

    /// <summary>Planned runs of a replication whose source is here will never be run.</summary>
    public const string RunsMissed = "replication.runs_missed";

    /// <summary>The replica of a replication with an end here is further behind than it may be.</summary>
    public const string Behind = "replication.behind";

    /// <summary>It is so no more.</summary>
    public const string CaughtUp = "replication.caught_up";

    /// <summary>A transfer whose source is here ended. Kept with the transfers, so it is listed and not posted.</summary>
    public const string Transfer = "replication.transfer";

    /// <summary>A group's move that this site drove is over.</summary>
    public const string GroupFailover = "group.failover";

    /// <summary>A site's move that this site drove is over.</summary>
    public const string SiteFailover = "site.failover";

    /// <summary>Something is so at this site that a person should look at.</summary>
    public const string AlertRaised = "alert.raised";

    /// <summary>It is so no more.</summary>
    public const string AlertCleared = "alert.cleared";

    /// <summary>This site learned of writes that did not know of each other.</summary>
    public const string ConflictArisen = "conflict.arisen";

    /// <summary>They are settled.</summary>
    public const string ConflictSettled = "conflict.settled";

    /// <summary>Those of the journal.</summary>
    public static IReadOnlyList<string> Noted { get; } =
        [Promoted, Demoted, Diverged, SplitBrain, RunsMissed, Behind, CaughtUp, GroupFailover, SiteFailover, AlertRaised, AlertCleared, ConflictArisen, ConflictSettled];

    public static IReadOnlyList<string> All { get; } = [.. Noted, Transfer];
}

/// <summary>Why a primary moved.</summary>
public static class RoleCauses
{
    /// <summary>The old primary gave it up, and nothing was lost.</summary>
    public const string Planned = "planned";

    /// <summary>Planned, to the site that the volume's replication has as its home.</summary>
    public const string Failback = "failback";

    /// <summary>A person promoted a copy without the old primary's consent.</summary>
    public const string Forced = "forced";

    /// <summary>The target's site did, when it did not hear the primary and the lease had run out.</summary>
    public const string Automatic = "automatic";

    /// <summary>A copy was taken out of the trash.</summary>
    public const string Restored = "restored";

    public static IReadOnlyList<string> All { get; } = [Planned, Failback, Forced, Automatic, Restored];
}

/// <summary>Something that happened at a site, as that site noticed it. Fields that the kind has no use for are null.</summary>
/// <param name="Kind">One of <see cref="EventKinds"/>.</param>
/// <param name="Message">What happened, in a sentence.</param>
public sealed record SiteEvent(string Kind, string Message)
{
    /// <summary>Counts the events of one journal from 1 without gaps; 0 for a transfer, which is in no journal.</summary>
    public long Sequence { get; init; }

    /// <summary>A UUID made of the site and of what happened: the same each time that the same thing is told.</summary>
    public string Id { get; init; } = "";

    /// <summary>When this site noticed, by its clock.</summary>
    public DateTimeOffset At { get; init; }

    public string? VolumeId { get; init; }

    /// <summary>As it was then.</summary>
    public string? VolumeName { get; init; }

    /// <summary>The generation that made the difference; of a divergence the one in which was written apart.</summary>
    public long? Generation { get; init; }

    /// <summary>One of <see cref="RoleCauses"/>.</summary>
    public string? Cause { get; init; }

    /// <summary>The name of the site that was primary, or that was moved away from; null when that was nobody, or several.</summary>
    public string? FromSite { get; init; }

    /// <summary>The name of the site that is primary now, or that was moved to; null when that is nobody, or several.</summary>
    public string? ToSite { get; init; }

    /// <summary>Where it forked from what both have; of a promotion the last write that the copy had.</summary>
    public long? ForkNumber { get; init; }

    /// <summary>What keeps what was written apart; null while nothing was set aside.</summary>
    public string? SnapshotId { get; init; }

    public string? ReplicationId { get; init; }

    /// <summary>How many runs were missed since the last such event.</summary>
    public long? MissedRuns { get; init; }

    /// <summary>Since the relation was made, at all sites.</summary>
    public long? MissedRunsTotal { get; init; }

    /// <summary>The newest of them was planned before this.</summary>
    public DateTimeOffset? MissedUpTo { get; init; }

    /// <summary>At which end of the replication this site is: <c>source</c> or <c>target</c>.</summary>
    public string? Side { get; init; }

    /// <summary>At a source the age of the oldest write that the replica lacks, at a target that of the newest state that it can be promoted to.</summary>
    public double? LagSeconds { get; init; }

    /// <summary>What the replica lacks, where that is known.</summary>
    public long? LagBytes { get; init; }

    /// <summary>Of a transfer: <c>first-copy</c>, <c>catch-up</c>, <c>resync</c>, <c>adopt</c>, or <c>attempt</c> for one that came to none.</summary>
    public string? TransferKind { get; init; }

    /// <summary>Block content that the transfer moved; a failed one's is kept.</summary>
    public long? MovedBytes { get; init; }

    public double? DurationSeconds { get; init; }

    public string? GroupId { get; init; }

    public string? GroupName { get; init; }

    public string? OperationId { get; init; }

    /// <summary>What the operation came to: succeeded, failed, expired, discarded or cancelled; of a transfer done or failed.</summary>
    public string? Status { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Reason { get; init; }

    public bool? IsForced { get; init; }

    public int? VolumesMoved { get; init; }

    public int? VolumesFailed { get; init; }

    public int? VolumesSkipped { get; init; }

    /// <summary>The alert that came or went.</summary>
    public string? AlertId { get; init; }

    /// <summary>The conflict that arose or was settled.</summary>
    public string? ConflictId { get; init; }
}

/// <summary>Something to note once.</summary>
/// <param name="Key">What it is about: the journal holds one mark for each key.</param>
/// <param name="Mark">What was noted of it. A key with this mark is not noted again.</param>
/// <param name="Event">Without its sequence.</param>
internal sealed record EventDraft(string Key, string Mark, SiteEvent Event);

/// <summary>A line of the journal: its header, a mark, or an event with its mark.</summary>
internal sealed record EventLine
{
    public int? Format { get; init; }

    public string? Journal { get; init; }

    public long? Next { get; init; }

    public string? Key { get; init; }

    public string? Mark { get; init; }

    public SiteEvent? Event { get; init; }
}

/// <summary>The stored form of events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EventLine))]
internal sealed partial class EventJson : JsonSerializerContext;
