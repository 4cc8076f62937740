using Skerry.Domain.Replication;

namespace Skerry.Domain.Volumes;

/// <summary>Makes sure that a copy is fit to become, or to stay, the primary before it takes its first write.</summary>
public interface IOpenGuard
{
    /// <summary>
    /// Brings the local copy to the state that the generation began with, as far as that is still to be done. Why it must not be
    /// opened, with what to do; null when it may. Idempotent.
    /// </summary>
    ValueTask<string?> ReasonToWaitAsync(Generation generation, CancellationToken cancellationToken);
}
