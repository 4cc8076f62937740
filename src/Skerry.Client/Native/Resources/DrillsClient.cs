using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class DrillsClient(ApiConnection connection)
{
    /// <param name="volumeId">Only those of this volume.</param>
    public Task<IReadOnlyList<DrillRecord>> ListAsync(string? volumeId, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, Query.Of("/drills", ("volume_id", volumeId)), SkerryJson.Default.DrillList, page => (page.Drills, page.Links),
            cancellationToken);

    public async Task<DrillRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.DrillReply, cancellationToken)).Drill;

    public Task<DrillReply> StartAsync(string volumeId, DrillStartRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"/volumes/{Query.Escape(volumeId)}/drills", request, SkerryJson.Default.DrillStartRequest,
            SkerryJson.Default.DrillReply, cancellationToken);

    public Task<DrillReply> StopAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, Path(id), null, SkerryJson.Default.DrillReply, cancellationToken);

    /// <param name="group">Only those of this group, by name or id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<IReadOnlyList<GroupDrillRecord>> ListOfGroupsAsync(string? group, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, Query.Of("/group-drills", ("group", group)), SkerryJson.Default.GroupDrillList, page => (page.Drills, page.Links),
            cancellationToken);

    public async Task<GroupDrillRecord> ShowOfGroupAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, PathOfGroup(id), SkerryJson.Default.GroupDrillReply, cancellationToken)).Drill;

    /// <param name="group">Name or id.</param>
    /// <param name="request">How.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<GroupDrillReply> StartOfGroupAsync(string group, GroupDrillStartRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"/groups/{Query.Escape(group)}/drills", request, SkerryJson.Default.GroupDrillStartRequest,
            SkerryJson.Default.GroupDrillReply, cancellationToken);

    public Task<GroupDrillReply> StopOfGroupAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, PathOfGroup(id), null, SkerryJson.Default.GroupDrillReply, cancellationToken);

    private static string Path(string id) => $"/drills/{Query.Escape(id)}";

    private static string PathOfGroup(string id) => $"/group-drills/{Query.Escape(id)}";
}
