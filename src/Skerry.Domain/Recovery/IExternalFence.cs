namespace Skerry.Domain.Recovery;

/// <summary>
/// Something outside that keeps an old primary from writing (its power, its switch port), asked before a forced failover decides.
/// </summary>
public interface IExternalFence
{
    /// <summary>
    /// Null when the old site is fenced, or when this site was told of no such thing; else why not. It may be asked again for one
    /// operation, after a crash in the middle.
    /// </summary>
    ValueTask<Refusal?> FenceAsync(FenceRequest request, CancellationToken cancellationToken);
}

/// <summary>Who is to be kept from writing.</summary>
/// <param name="VolumeId">The volume.</param>
/// <param name="VolumeName">Its name; empty when it has none.</param>
/// <param name="OldSite">The name of the site that is primary by generation.</param>
/// <param name="OldSiteId">Its id.</param>
/// <param name="Generation">The generation that is to end.</param>
/// <param name="OperationId">The failover.</param>
public sealed record FenceRequest(
    string VolumeId, string VolumeName, string OldSite, string OldSiteId, long Generation, string OperationId);

/// <summary>There is nothing to ask.</summary>
public sealed class NoExternalFence : IExternalFence
{
    public ValueTask<Refusal?> FenceAsync(FenceRequest request, CancellationToken cancellationToken) => new((Refusal?)null);
}
