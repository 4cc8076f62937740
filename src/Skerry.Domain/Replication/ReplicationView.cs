namespace Skerry.Domain.Replication;

/// <summary>A replication as a site knows it now: the relation, what each side last said of it, and the word that sums it up.</summary>
/// <param name="Id">UUID with dashes.</param>
/// <param name="VolumeId">The volume, which has the same id at both sites.</param>
/// <param name="VolumeName">Its name now.</param>
/// <param name="HomeSite">Where the volume was primary when the relation was made; failback brings it there. A site id.</param>
/// <param name="SourceSite">The site that is primary now, as a site id; empty while nobody is.</param>
/// <param name="TargetSite">The site that holds the replica now, as a site id.</param>
/// <param name="TargetBackend">The backend of the replica there.</param>
/// <param name="Mode">One of <see cref="ReplicationModes"/>.</param>
/// <param name="IntervalSeconds">Between two runs, in periodic mode.</param>
/// <param name="StartAt">The first run, in periodic mode; null for at once.</param>
/// <param name="NextRunAt">The next run, in periodic mode.</param>
/// <param name="IsPaused">Nothing is shipped until resumed.</param>
/// <param name="OnReturn">One of <see cref="ReturnPolicies"/>.</param>
/// <param name="Status">One of <see cref="ReplicationWords"/>; never claims more than is known here.</param>
/// <param name="Reason">Why, where the word alone does not say it.</param>
/// <param name="NextStep">What helps.</param>
/// <param name="Source">What the source's site last said; <c>At</c> tells its age. Null when it has said nothing.</param>
/// <param name="Target">What the target's site last said.</param>
/// <param name="CreatedAt">When the relation was made.</param>
public sealed record ReplicationView(
    string Id,
    string VolumeId,
    string? VolumeName,
    string HomeSite,
    string SourceSite,
    string TargetSite,
    string TargetBackend,
    string Mode,
    long? IntervalSeconds,
    DateTimeOffset? StartAt,
    DateTimeOffset? NextRunAt,
    bool IsPaused,
    string OnReturn,
    string Status,
    string? Reason,
    string? NextStep,
    SourceStatus? Source,
    TargetStatus? Target,
    DateTimeOffset CreatedAt)
{
    /// <summary>Times of day of periodic mode, as <c>02:30,14:30</c>; null for an interval.</summary>
    public string? At { get; init; }

    /// <summary>The days of these times, as <c>mon-fri</c>; null for each day.</summary>
    public string? Days { get; init; }

    /// <summary>The IANA name of the zone of these times; null for UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How long states of past runs are kept at the source, as <c>count=24,age=7d</c>; null when nothing was said.</summary>
    public string? KeepSource { get; init; }

    /// <summary>How long at the replica.</summary>
    public string? KeepTarget { get; init; }

    /// <summary>True when the source is itself a replica, which passes on what it has.</summary>
    public bool IsPassedOn { get; init; }

    /// <summary>True when the target holds ciphertext without the key, so that it cannot be promoted.</summary>
    public bool IsCiphertextOnly { get; init; }

    /// <summary>
    /// What the answering site's own copy is, in a word of <see cref="ReplicationWords"/>: <see cref="ReplicationWords.Primary"/> only while
    /// it may take writes. Null at sites without a copy.
    /// </summary>
    public string? LocalStatus { get; init; }

    /// <summary>The highest generation of the volume that the answering site knows; null before the first.</summary>
    public long? Generation { get; init; }

    /// <summary>The volume at the target that the replica begins with, until that is done; null when nothing is taken over.</summary>
    public string? AdoptFrom { get; init; }

    /// <summary>Age of the recovery point at this moment, by this site's clock; null when none is known.</summary>
    public double? RecoveryPointAgeSeconds { get; init; }

    /// <summary>One of <see cref="AckPolicies"/>.</summary>
    public string Ack { get; init; } = AckPolicies.Local;

    /// <summary>One of <see cref="IsolationPolicies"/>.</summary>
    public string OnIsolation { get; init; } = IsolationPolicies.Continue;

    /// <summary>One of <see cref="FailoverPolicies"/>.</summary>
    public string Failover { get; init; } = FailoverPolicies.Manual;

    /// <summary>Since when flushes are acknowledged at the primary alone though more is asked for; null when they are not, as far as is known here.</summary>
    public DateTimeOffset? LocalOnlySince { get; init; }
}

/// <summary>A wish for a replication.</summary>
/// <param name="VolumeId">The volume to be replicated.</param>
/// <param name="TargetSite">A site's name or id.</param>
/// <param name="TargetBackend">A backend's name there; null takes the site's only one, or the one of the same name.</param>
public sealed record CreateReplicationRequest(string VolumeId, string TargetSite, string? TargetBackend)
{
    public ReplicationSettings Settings { get; init; } = new();

    /// <summary>
    /// A volume at the target that holds the data already, by id; the volume's own id for a copy that is there. Both are read, only what
    /// differs moves, and the target's copy becomes equal to the volume. Null to begin with nothing.
    /// </summary>
    public string? Adopt { get; init; }

    /// <summary>The site, by name or id, whose replica of the volume is passed on; null for the primary's.</summary>
    public string? FromSite { get; init; }

    /// <summary>True when the target is to hold the encrypted volume as ciphertext, without its key; it then never becomes primary.</summary>
    public bool IsCiphertextOnly { get; init; }
}

/// <summary>Another place for a replica.</summary>
/// <param name="TargetSite">A site's name or id.</param>
/// <param name="TargetBackend">A backend's name there; null takes the site's only one, or the one of the same name.</param>
public sealed record RetargetReplicationRequest(string TargetSite, string? TargetBackend);
