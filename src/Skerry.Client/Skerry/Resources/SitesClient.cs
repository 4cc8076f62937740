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
    public async Task<SiteRecord> JoinAsync(SiteJoinRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            "/sites/join",
            request,
            SkerryJson.Default.SiteJoinRequest,
            SkerryJson.Default.SiteReply,
            cancellationToken)).Site;

    public Task<SiteRecord> DisconnectAsync(string id, CancellationToken cancellationToken) => ActAsync(id, "disconnect", cancellationToken);

    public Task<SiteRecord> ConnectAsync(string id, CancellationToken cancellationToken) => ActAsync(id, "connect", cancellationToken);

    /// <summary>A person confirms that the site is down and stays away from its storage.</summary>
    public Task<SiteRecord> FenceAsync(string id, CancellationToken cancellationToken) => ActAsync(id, "fence", cancellationToken);

    private async Task<SiteRecord> ActAsync(string id, string verb, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"/sites/{Query.Escape(id)}/{verb}", null, SkerryJson.Default.SiteReply, cancellationToken)).Site;
}
