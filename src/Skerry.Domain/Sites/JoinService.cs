namespace Skerry.Domain.Sites;

/// <summary>What came of a join.</summary>
/// <param name="CloudId">The cloud that this site is now a member of.</param>
/// <param name="InvitedBy">The site that the new link leads to.</param>
/// <param name="Adopted">True when the cloud's state replaced this site's own; false when only a link was added.</param>
/// <param name="Entities">How many entities were taken over; 0 when only a link was added.</param>
public sealed record JoinResult(string CloudId, SiteView InvitedBy, bool Adopted, long Entities);

/// <summary>Makes this site a member of the cloud that a token invites it to, or links it with one more site of its own cloud.</summary>
public sealed partial class JoinService(SiteContext site, SiteSettings settings, SiteService sites, IJoinChannel channel)
{
    /// <summary>Safe to ask again after any failure, with the same token.</summary>
    /// <param name="actor">An administrator of this site.</param>
    /// <param name="token">What <c>skerry site invite</c> printed at the other site.</param>
    /// <param name="advertise">HOST:PORT at which the inviter dials this site; null for this site's own <c>sync_advertise</c>, empty for not at all.</param>
    /// <param name="cancellationToken">Ends the waiting; what the inviter has written by then stays.</param>
    public ValueTask<Outcome<JoinResult>> JoinAsync(Actor actor, string token, string? advertise, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{site}{settings}{sites.GetHashCode()}{channel}");
}
