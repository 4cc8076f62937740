using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>A wish to move a volume's primary.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="ToSite">
/// A site's name or id; null takes the only replica, or for a failback the home; of several, by force, the most advanced that is reached.
/// </param>
/// <param name="IsForced">Promote without the old primary's consent; refused while that is alive and connected.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them; planned moves only.</param>
public sealed record FailoverRequest(string VolumeId, string? ToSite = null, bool IsForced = false, bool Drain = false)
{
    /// <summary>Forced moves only: the site's fence command is not run, and the operation records that it was not.</summary>
    public bool WithoutFence { get; init; }

    /// <summary>Forced moves only: the snapshot that the copy is to return to, one that its site has; null for its newest state.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>The operation that has fenced the old primary for this move already; null when none has.</summary>
    internal string? FencedBy { get; init; }

    /// <summary>The operation whose volumes move together or not at all; null for one that moves alone.</summary>
    internal string? JointOperationId { get; init; }

    /// <summary>Forced moves: promote the copy only if it stands at this write, as a group's cut wants it; null for wherever it stands.</summary>
    public long? AtNumber { get; init; }
}

/// <summary>A wish to make a copy a primary: like a forced failover when the old primary was not demoted first.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Site">The site whose copy is meant, by name or id; null for the only replica.</param>
/// <param name="IsForced">Promote though the old primary never said that it stopped.</param>
public sealed record PromoteRequest(string VolumeId, string? Site = null, bool IsForced = false)
{
    /// <summary>As <see cref="FailoverRequest.WithoutFence"/>.</summary>
    public bool WithoutFence { get; init; }

    /// <summary>As <see cref="FailoverRequest.SnapshotId"/>.</summary>
    public string? SnapshotId { get; init; }
}

/// <summary>A wish to make the primary a replica, with no successor yet.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them.</param>
public sealed record DemoteRequest(string VolumeId, bool Drain = false);

/// <summary>A wish that a copy set aside what diverged and follow the primary again.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="Site">The site whose copy is meant, by name or id; null for the only one that waits.</param>
public sealed record ResyncRequest(string VolumeId, string? Site = null);

/// <summary>The operation that carries out what was asked; follow it as any operation.</summary>
/// <param name="OperationId">Its id; null when there was nothing to carry out later.</param>
/// <param name="VolumeId">The volume.</param>
/// <param name="Site">The site that carries it out, as a site id.</param>
/// <param name="Preview">For a forced promotion: what it may lose, as it was known when it was asked for.</param>
public sealed record RecoveryTicket(string? OperationId, string VolumeId, string Site, FailoverPreview? Preview = null);

/// <summary>What a failover would do, told before it is done.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="FromSite">The present primary, as a site id; empty when nobody is.</param>
/// <param name="ToSite">The site to promote, as a site id.</param>
/// <param name="IsForced">Whether the preview is of a forced failover; a planned one loses nothing.</param>
/// <param name="RecoveryPoint">The state that would be promoted, or a later one.</param>
/// <param name="SecondsSinceWhole">
/// How long before now that state was the primary's, or longer: what may be lost. By one clock, wherever the primary's stands; by the
/// clocks of both only when the primary never heard the other's.
/// </param>
/// <param name="OwedBytesAtLeast">What the primary owed when it was last heard; it may have written more.</param>
/// <param name="HeardAt">When the primary was last heard at the site to promote.</param>
/// <param name="KnownAt">When what is said here was true; older than now when another site is asked.</param>
/// <param name="Refusal">Why it would be refused now; null when it would be carried out.</param>
/// <param name="Loss">The loss bound in a sentence, for people.</param>
public sealed record FailoverPreview(
    string VolumeId,
    string FromSite,
    string ToSite,
    bool IsForced,
    RecoveryPoint? RecoveryPoint,
    double? SecondsSinceWhole,
    long? OwedBytesAtLeast,
    DateTimeOffset? HeardAt,
    DateTimeOffset KnownAt,
    Refusal? Refusal,
    string Loss)
{
    /// <summary>What is added to a moment of the primary's clock to have it by the clock of the site that was asked, or earlier.</summary>
    internal TimeSpan ClockAhead { get; init; }

    /// <summary>The snapshot that the copy would return to; null for its newest state.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>Why this site, when none was named and there were several; a sentence.</summary>
    public string? Choice { get; init; }

    /// <summary>A site whose copy is further than the one to promote; null when that is the most advanced, as far as is known.</summary>
    public string? MoreAdvancedSite { get; init; }

    /// <summary>How many writes the copy to promote is behind that one; null when it is not, or their generations differ.</summary>
    public long? WritesBehind { get; init; }

    /// <summary>By how many seconds its recovery point is older than that one's.</summary>
    public double? SecondsBehind { get; init; }
}
