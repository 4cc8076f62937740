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
    DateTimeOffset CreatedAt);

/// <summary>A wish for a replication.</summary>
/// <param name="VolumeId">The volume to be replicated.</param>
/// <param name="TargetSite">A site's name or id.</param>
/// <param name="TargetBackend">A backend's name there; null takes the site's only one, or the one of the same name.</param>
/// <param name="Mode">One of <see cref="ReplicationModes"/>.</param>
/// <param name="IntervalSeconds">Needed in periodic mode, at least 10.</param>
/// <param name="StartAt">The first run in periodic mode; null for at once.</param>
/// <param name="OnReturn">One of <see cref="ReturnPolicies"/>.</param>
public sealed record CreateReplicationRequest(
    string VolumeId,
    string TargetSite,
    string? TargetBackend,
    string Mode,
    long? IntervalSeconds = null,
    DateTimeOffset? StartAt = null,
    string OnReturn = ReturnPolicies.Resync);
