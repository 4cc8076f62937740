using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class SitesClient(ApiConnection connection)
{
    public Task<IReadOnlyList<SiteRecord>> ListAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, "/sites", SkerryJson.Default.SiteList, page => (page.Sites, page.Links), cancellationToken);

    public async Task<SiteRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, $"/sites/{Query.Escape(id)}", SkerryJson.Default.SiteReply, cancellationToken)).Site;

    public async Task<InvitationRecord> InviteAsync(SiteInviteRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            "/sites/invite",
            request,
            SkerryJson.Default.SiteInviteRequest,
            SkerryJson.Default.InvitationReply,
            cancellationToken)).Invitation;

    /// <summary>Asked of the site that joins. After it, the site has the cloud's users; this login may be void.</summary>
    public async Task<JoinRecord> JoinAsync(SiteJoinRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            "/sites/join",
            request,
            SkerryJson.Default.SiteJoinRequest,
            SkerryJson.Default.JoinReply,
            cancellationToken)).Join;

    /// <param name="id">Of the site.</param>
    /// <param name="verb">disconnect, connect, fail, fence, revoke or reinstate.</param>
    /// <param name="request">Why, and for connect where.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SiteRecord> ActAsync(string id, string verb, SiteActionRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            $"/sites/{Query.Escape(id)}/{verb}",
            request,
            SkerryJson.Default.SiteActionRequest,
            SkerryJson.Default.SiteReply,
            cancellationToken)).Site;

    /// <summary>Asked of the site itself.</summary>
    public async Task<SiteRecord> RotateCertificateAsync(string id, bool now, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            $"/sites/{Query.Escape(id)}/rotate-certificate",
            new SiteRotateRequest(now),
            SkerryJson.Default.SiteRotateRequest,
            SkerryJson.Default.SiteReply,
            cancellationToken)).Site;

    public Task<IReadOnlyList<LinkRecord>> LinksAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, "/site-links", SkerryJson.Default.LinkList, page => (page.SiteLinks, page.Links), cancellationToken);

    public Task<IReadOnlyList<InvitationRecord>> InvitationsAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, "/invitations", SkerryJson.Default.InvitationList, page => (page.Invitations, page.Links), cancellationToken);

    /// <summary>Makes an open invitation void.</summary>
    public Task RevokeAsync(string invitationId, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, $"/invitations/{Query.Escape(invitationId)}", cancellationToken);
}
