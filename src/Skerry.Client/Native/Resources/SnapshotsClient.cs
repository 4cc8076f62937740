using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class SnapshotsClient(ApiConnection connection)
{
    public Task<IReadOnlyList<SnapshotRecord>> ListAsync(
        string? name, string? volumeId, bool allProjects, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Query.Of("/snapshots", ("name", name), ("volume_id", volumeId), ("all_projects", allProjects ? "true" : null)),
            SkerryJson.Default.SnapshotList,
            page => (page.Snapshots, page.Links),
            cancellationToken);

    public async Task<SnapshotRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.SnapshotReply, cancellationToken)).Snapshot;

    public Task<SnapshotReply> CreateAsync(SnapshotCreateRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            "/snapshots",
            request,
            SkerryJson.Default.SnapshotCreateRequest,
            SkerryJson.Default.SnapshotReply,
            cancellationToken);

    public Task<SnapshotReply> DeleteAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, Path(id), null, SkerryJson.Default.SnapshotReply, cancellationToken);

    /// <param name="id">The snapshot.</param>
    /// <param name="against">Id of another snapshot of the volume; null for the volume.</param>
    /// <param name="offsetBytes">Where to begin.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<SnapshotDiffReply> DiffAsync(string id, string? against, long offsetBytes, CancellationToken cancellationToken) =>
        connection.GetAsync(
            Service.Skerry,
            Query.Of(
                Path(id) + "/diff", ("against", against), ("offset_bytes", offsetBytes.ToString(System.Globalization.CultureInfo.InvariantCulture))),
            SkerryJson.Default.SnapshotDiffReply,
            cancellationToken);

    /// <summary>Always read-only.</summary>
    public async Task<ConnectionRecord> ConnectAsync(string id, ConnectRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            Path(id) + "/connections",
            request,
            SkerryJson.Default.ConnectRequest,
            SkerryJson.Default.ConnectionReply,
            cancellationToken)).Connection;

    private static string Path(string id) => $"/snapshots/{Query.Escape(id)}";
}
