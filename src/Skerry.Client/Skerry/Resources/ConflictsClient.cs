using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class ConflictsClient(ApiConnection connection)
{
    public Task<IReadOnlyList<ConflictRecord>> ListAsync(CancellationToken cancellationToken) => ListAsync("/conflicts", cancellationToken);

    /// <summary>Settled ones, newest first.</summary>
    public Task<IReadOnlyList<ConflictRecord>> HistoryAsync(string? entityId, CancellationToken cancellationToken) =>
        ListAsync(Query.Of("/conflicts/history", ("entity_id", entityId)), cancellationToken);

    public async Task<ConflictRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.ConflictReply, cancellationToken)).Conflict;

    public async Task<ConflictRecord> ResolveAsync(string id, ConflictResolveRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            Path(id) + "/resolve",
            request,
            SkerryJson.Default.ConflictResolveRequest,
            SkerryJson.Default.ConflictReply,
            cancellationToken)).Conflict;

    private static string Path(string id) => $"/conflicts/{Query.Escape(id)}";

    private Task<IReadOnlyList<ConflictRecord>> ListAsync(string path, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, path, SkerryJson.Default.ConflictList, page => (page.Conflicts, page.Links), cancellationToken);
}
