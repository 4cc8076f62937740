#pragma warning disable CS9113 // The bodies follow.
using Skerry.Domain.Operations;
using Skerry.Domain.Replication;

namespace Skerry.Domain.Recovery;

/// <summary>
/// What administrators do with a volume's primary. Each request becomes an operation at the site that carries it out; only the
/// checks that any site can make from what it knows are made here, and all of them again there.
/// </summary>
public sealed class RecoveryService(SiteContext site, OperationService operations, IReplicaStore replicas)
{
    /// <summary>What a failover would do if it were asked for now.</summary>
    public ValueTask<Outcome<FailoverPreview>> PreviewAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask<Outcome<RecoveryTicket>> FailoverAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>A planned failover to the volume's home; <see cref="FailoverRequest.ToSite"/> overrides where that is.</summary>
    public ValueTask<Outcome<RecoveryTicket>> FailbackAsync(
        Actor actor, FailoverRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask<Outcome<RecoveryTicket>> PromoteAsync(
        Actor actor, PromoteRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask<Outcome<RecoveryTicket>> DemoteAsync(
        Actor actor, DemoteRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lets a copy that diverged follow again; it has its effect at once, so the ticket names no operation.</summary>
    public ValueTask<Outcome<RecoveryTicket>> ResyncAsync(
        Actor actor, ResyncRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();
}
