namespace Skerry.Domain.Replication;

/// <summary>What a relation wants of its primary's acknowledgements; may change while the task stands.</summary>
/// <param name="WaitsForReplica">Flushes are acknowledged when durable at both sites.</param>
/// <param name="StopsWhenIsolated">Nothing is acknowledged without the target's lease.</param>
/// <param name="Lease">How long a lease is asked for.</param>
/// <param name="IsLocalOnlyNoted">The state says already that flushes are acknowledged at the primary alone.</param>
/// <param name="IsTargetFenced">A person vouched that the target's site writes nothing, so it holds no promise that has to be given back.</param>
public sealed record AckTerms(
    bool WaitsForReplica, bool StopsWhenIsolated, TimeSpan Lease, bool IsLocalOnlyNoted, bool IsTargetFenced)
{
    /// <summary>The primary decides alone.</summary>
    public static AckTerms None { get; } = new(false, false, TimeSpan.FromSeconds(10), false, false);
}

/// <summary>What acknowledgements promise at this moment, as the primary's site knows it.</summary>
/// <param name="State">One of <see cref="AckStates"/>.</param>
/// <param name="Reason">Why, in a sentence; null for <see cref="AckStates.Both"/>.</param>
/// <param name="IsUnderLease">The target may be holding the right to promote itself: nothing is acknowledged here without its lease.</param>
public sealed record AckStanding(string? State, string? Reason, bool IsUnderLease);

/// <summary>Flushes are acknowledged at the primary alone.</summary>
/// <param name="Since">Since when, by the primary's clock.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record LocalOnly(DateTimeOffset Since, string Reason);

/// <summary>Where a primary writes down, before it acknowledges the first flush that its replica does not have, that it does so.</summary>
public interface IAckLedger
{
    /// <summary>Returns when it is on stable storage. Idempotent.</summary>
    ValueTask NoteLocalOnlyAsync(string replicationId, string reason, CancellationToken cancellationToken);

    /// <summary>Everything that was acknowledged is durable at the replica again. Idempotent.</summary>
    ValueTask ClearLocalOnlyAsync(string replicationId, CancellationToken cancellationToken);
}
