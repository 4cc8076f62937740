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

    private static string Path(string id) => $"/drills/{Query.Escape(id)}";
}
