namespace Skerry.Client.Native.Wire;

/// <summary>Asks to move a volume's primary.</summary>
/// <param name="To">Name or id of the site that becomes primary; null where only one can.</param>
/// <param name="Force">Without draining the present primary; may lose what the replica had not received.</param>
/// <param name="Drain">Close the exports of attached writers instead of refusing because of them; planned moves only.</param>
public sealed record RecoveryRequest(string? To, bool? Force, bool? Drain)
{
    /// <summary>With force only: the site's fence command is not run, and the operation records that it was not.</summary>
    public bool? NoFence { get; init; }

    /// <summary>With force only: the snapshot, one that the site to promote has, that its copy returns to; null for its newest state.</summary>
    public string? SnapshotId { get; init; }
}

/// <summary>What a failover would do if it were committed now, from what the asked site knows.</summary>
/// <param name="Refusal">Why it would be refused; null when it would be accepted.</param>
/// <param name="LossSeconds">Seconds since the replica was last known whole, at least.</param>
/// <param name="LossBytes">Bytes that the replica was owed when that was last heard, at least.</param>
/// <param name="HeardAt">When the primary was last heard at the site to promote.</param>
/// <param name="KnownAt">When what is said here was true.</param>
/// <param name="Summary">The same in one sentence.</param>
public sealed record RecoveryPreviewRecord(
    string VolumeId,
    string? FromSite,
    string? ToSite,
    bool Forced,
    RecoveryPointRecord? RecoveryPoint,
    double? LossSeconds,
    long? LossBytes,
    DateTimeOffset? HeardAt,
    DateTimeOffset? KnownAt,
    string Summary,
    ErrorRecord? Refusal)
{
    /// <summary>The snapshot that the copy would return to; null for its newest state.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>Why this site, when none was named and there were several.</summary>
    public string? Choice { get; init; }

    /// <summary>A site whose copy is further than the one to promote; null when that is the most advanced, as far as is known.</summary>
    public string? MoreAdvancedSite { get; init; }

    /// <summary>How many writes the copy to promote is behind that one; null when it is not, or their generations differ.</summary>
    public long? BehindWrites { get; init; }

    /// <summary>By how many seconds its recovery point is older than that one's.</summary>
    public double? BehindSeconds { get; init; }
}

public sealed record RecoveryPreviewReply(RecoveryPreviewRecord Preview);

/// <summary>What was accepted.</summary>
/// <param name="OperationId">The operation that carries it out; null when there was nothing to carry out later.</param>
/// <param name="Site">The site that carries it out.</param>
/// <param name="Preview">For a forced promotion: what it may lose, as it was known when it was accepted.</param>
public sealed record RecoveryReply(string VolumeId, string? OperationId, string Site, RecoveryPreviewRecord? Preview);
