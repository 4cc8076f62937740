namespace Skerry.Blocks;

/// <summary>
/// Stands between what a volume has carried out in its run and the acknowledgement of it: whoever replicates the volume decides with it
/// what an acknowledgement promises.
/// </summary>
/// <remarks>
/// The invariant: while a gate is set, no flush and no write that forces unit access completes before <see cref="DurableAsync"/> said so
/// for its number, and, while <see cref="HoldsWrites"/>, nothing completes unless <see cref="MayAcknowledge"/> was true right before.
/// </remarks>
public interface IAcknowledgementGate
{
    /// <summary>True while plain writes too are acknowledged only with leave. Where it is false they pass without a look.</summary>
    bool HoldsWrites { get; }

    /// <summary>Whether what was carried out may be acknowledged at this very instant.</summary>
    bool MayAcknowledge { get; }

    /// <summary>Completes when <see cref="MayAcknowledge"/> has become true, which may have passed again.</summary>
    /// <exception cref="BlockException"><see cref="BlockError.Closed"/> when it never will.</exception>
    ValueTask UntilMayAcknowledgeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Completes when every write up to the number is as durable elsewhere as an acknowledged flush has to be. The volume sees to its own
    /// durability meanwhile.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.Closed"/> when it never will be.</exception>
    ValueTask DurableAsync(long number, CancellationToken cancellationToken);
}
