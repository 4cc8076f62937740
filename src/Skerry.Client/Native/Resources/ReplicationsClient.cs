using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class ReplicationsClient(ApiConnection connection)
{
    public Task<IReadOnlyList<ReplicationRecord>> ListAsync(string? volumeId, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Query.Of("/replications", ("volume_id", volumeId)),
            SkerryJson.Default.ReplicationList,
            page => (page.Replications, page.Links),
            cancellationToken);

    public async Task<ReplicationRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.ReplicationReply, cancellationToken)).Replication;

    public Task<ReplicationHistory> HistoryAsync(string id, CancellationToken cancellationToken) =>
        connection.GetAsync(Service.Skerry, $"{Path(id)}/history", SkerryJson.Default.ReplicationHistory, cancellationToken);

    public Task<ReplicationReply> CreateAsync(ReplicationCreateRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            "/replications",
            request,
            SkerryJson.Default.ReplicationCreateRequest,
            SkerryJson.Default.ReplicationReply,
            cancellationToken);

    public Task<ReplicationReply> RetargetAsync(string id, ReplicationRetargetRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            $"{Path(id)}/retarget",
            request,
            SkerryJson.Default.ReplicationRetargetRequest,
            SkerryJson.Default.ReplicationReply,
            cancellationToken);

    public Task<ReplicationReply> UpdateAsync(string id, ReplicationSettingsRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Patch,
            Path(id),
            request,
            SkerryJson.Default.ReplicationSettingsRequest,
            SkerryJson.Default.ReplicationReply,
            cancellationToken);

    /// <param name="verb">sync, pause or resume.</param>
    public Task<ReplicationReply> ActAsync(string id, string verb, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"{Path(id)}/{verb}", null, SkerryJson.Default.ReplicationReply, cancellationToken);

    public Task<ReplicationReply> DeleteAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Delete, Path(id), null, SkerryJson.Default.ReplicationReply, cancellationToken);

    private static string Path(string id) => $"/replications/{Query.Escape(id)}";
}
