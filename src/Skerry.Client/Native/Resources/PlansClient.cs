using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

/// <summary>Recovery plans, and moves of whole sites.</summary>
public sealed class PlansClient(ApiConnection connection)
{
    public Task<IReadOnlyList<PlanRecord>> ListAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(Service.Skerry, "/plans", SkerryJson.Default.PlanList, page => (page.Plans, page.Links), cancellationToken);

    public async Task<PlanRecord> ShowAsync(string name, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(name), SkerryJson.Default.PlanReply, cancellationToken)).Plan;

    public async Task<PlanRecord> SetAsync(string name, PlanSetRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Put, Path(name), request, SkerryJson.Default.PlanSetRequest, SkerryJson.Default.PlanReply,
            cancellationToken)).Plan;

    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, Path(name), cancellationToken);

    /// <param name="site">Name or id.</param>
    /// <param name="verb">failover or failback.</param>
    /// <param name="request">How.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SitePreviewRecord> PreviewAsync(
        string site, string verb, SiteMoveRequest request, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Skerry,
            Query.Of(
                $"/sites/{Query.Escape(site)}/{verb}", ("to", request.To), ("plan", request.Plan),
                ("force", request.Force == true ? "true" : null), ("drain", request.Drain == true ? "true" : null)),
            SkerryJson.Default.SitePreviewReply,
            cancellationToken)).Preview;

    public Task<SiteMoveReply> MoveAsync(string site, string verb, SiteMoveRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"/sites/{Query.Escape(site)}/{verb}", request, SkerryJson.Default.SiteMoveRequest,
            SkerryJson.Default.SiteMoveReply, cancellationToken);

    private static string Path(string name) => $"/plans/{Query.Escape(name)}";
}
