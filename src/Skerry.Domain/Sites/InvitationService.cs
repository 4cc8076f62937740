namespace Skerry.Domain.Sites;

/// <summary>What an administrator asks for when inviting a site.</summary>
/// <param name="ForName">The name that the joining site must have; null for any.</param>
/// <param name="Address">HOST:PORT under which the joiner must dial this site; null for this site's own <c>sync_advertise</c>.</param>
/// <param name="Lifetime">How long the invitation holds; null for a day. At most 30 days.</param>
public sealed record InviteRequest(string? ForName = null, string? Address = null, TimeSpan? Lifetime = null);

/// <summary>An invitation as it is stored. The secret itself is only in the token, which is shown once.</summary>
/// <param name="Id">Names it, for listing and revoking.</param>
/// <param name="ForName">The name that the joining site must have; null for any.</param>
/// <param name="ExpiresAt">When it stops to hold.</param>
/// <param name="UsedBy">The id of the site that used it; null while it is open.</param>
/// <param name="InvitedBy">The name of the site that made it, the only one that takes it.</param>
/// <param name="Token">What the joiner needs, as text without spaces; null except in the answer to the request that made it.</param>
public sealed record InvitationView(
    string Id, string? ForName, DateTimeOffset ExpiresAt, string? UsedBy, string InvitedBy, string? Token);

/// <summary>Makes one-time invitations, and takes them when a joiner comes with one.</summary>
public sealed partial class InvitationService(SiteContext site, SiteSettings settings)
{
    public ValueTask<Outcome<InvitationView>> InviteAsync(Actor actor, InviteRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException(site.ToString() + settings);

    /// <summary>The invitations that are not yet forgotten, whichever site made them. For administrators.</summary>
    public Outcome<IReadOnlyList<InvitationView>> List(Actor actor) => throw new NotImplementedException();

    /// <summary>Makes an open invitation void.</summary>
    public ValueTask<Outcome<Unit>> RevokeAsync(Actor actor, string id, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
