using Skerry.State;

namespace Skerry.Domain.Identity;

/// <summary>A service of the cloud, as OpenStack's catalog has it.</summary>
/// <param name="Id">The same at every site.</param>
/// <param name="Type">What clients look for.</param>
/// <param name="Name">What people read.</param>
/// <param name="Path">Below a site's address; <c>{project_id}</c> stands for the project of the token.</param>
public sealed record CatalogEntry(string Id, string Type, string Name, string Path);

/// <summary>Where one site answers for one service.</summary>
/// <param name="Url">With the project put in, when there was one.</param>
public sealed record CatalogEndpoint(string Id, string ServiceId, string RegionId, string Interface, string Url);

/// <summary>
/// What the cloud offers and where. It is derived from the sites that are known and stored nowhere, so it is right as soon as a site
/// is known. Every site answers for the whole cloud; the regions only say whom one talks to.
/// </summary>
public sealed class CatalogService(SiteContext site)
{
    private static readonly string[] Interfaces = ["public", "internal", "admin"];

    /// <summary>The services. Two types for block storage, since clients of different ages look for different ones.</summary>
    public static IReadOnlyList<CatalogEntry> Services { get; } =
    [
        Entry("identity", "keystone", "/identity/v3"),
        Entry("volumev3", "cinderv3", "/volume/v3/{project_id}"),
        Entry("block-storage", "cinder", "/volume/v3/{project_id}"),
        Entry("image", "glance", "/image"),
        Entry("skerry", "skerry", "/skerry/v1"),
    ];

    private Replica Replica => site.Replica;

    /// <summary>This site's region first, since clients that ask for no region take the first.</summary>
    public IReadOnlyList<string> Regions() =>
        [.. Sites().Select(entry => entry.Region).Distinct(StringComparer.Ordinal)];

    /// <summary>All endpoints, this site's first. Those whose path needs a project are left out when there is none.</summary>
    public IReadOnlyList<CatalogEndpoint> Endpoints(string? projectId) =>
    [
        .. from entry in Services
           where projectId is not null || !entry.Path.Contains("{project_id}", StringComparison.Ordinal)
           from place in Sites()
           from face in Interfaces
           select new CatalogEndpoint(
               WellKnown.Derive($"endpoint/{entry.Type}/{place.Id}/{face}"),
               entry.Id,
               place.Region,
               face,
               place.ApiUrl.TrimEnd('/') + entry.Path.Replace("{project_id}", projectId, StringComparison.Ordinal)),
    ];

    private IEnumerable<(string Id, string Region, string ApiUrl)> Sites() =>
        from entity in Replica.List(EntityKinds.Site)
        let url = entity.Text("api_url")
        where !string.IsNullOrEmpty(url)
        let isSelf = entity.Id == site.SelfText
        let name = entity.Text("region") ?? entity.Text("name") ?? entity.Id
        orderby isSelf descending, name
        select (entity.Id, name, url);

    private static CatalogEntry Entry(string type, string name, string path) =>
        new(WellKnown.Derive($"service/{type}"), type, name, path);
}
