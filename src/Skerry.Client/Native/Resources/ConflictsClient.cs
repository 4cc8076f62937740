using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class ConflictsClient(ApiConnection connection)
{
    public Task<IReadOnlyList<ConflictRecord>> ListAsync(ConflictQuery query, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, Path("/conflicts", query), SkerryJson.Default.ConflictList, page => (page.Conflicts, page.Links), cancellationToken);

    /// <summary>Settled ones, newest first.</summary>
    public Task<IReadOnlyList<SettledConflictRecord>> HistoryAsync(ConflictQuery query, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Path("/conflicts/history", query),
            SkerryJson.Default.SettledConflictList,
            page => (page.Conflicts, page.Links),
            cancellationToken);

    public async Task<ConflictRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.ConflictReply, cancellationToken)).Conflict;

    public async Task ResolveAsync(string id, ConflictResolveRequest request, CancellationToken cancellationToken)
    {
        using var response = await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            Path(id) + "/resolve",
            () => JsonBody.Of(request, SkerryJson.Default.ConflictResolveRequest),
            cancellationToken);
    }

    public async Task UndoAsync(string id, ConflictUndoRequest request, CancellationToken cancellationToken)
    {
        using var response = await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            $"/conflicts/history/{Query.Escape(id)}/undo",
            () => JsonBody.Of(request, SkerryJson.Default.ConflictUndoRequest),
            cancellationToken);
    }

    private static string Path(string list, ConflictQuery query) => Query.Of(
        list, ("kind", query.Kind), ("entity", query.Entity), ("field", query.Field), ("type", query.Type), ("site", query.Site));

    /// <summary>The slashes in the id are escaped, so that it stays one segment.</summary>
    private static string Path(string id) => $"/conflicts/{Query.Escape(id)}";
}
