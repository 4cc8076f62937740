using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class OperationsClient(ApiConnection connection)
{
    /// <summary>The longest that a site holds a request open, in seconds.</summary>
    public const int LongPollSeconds = 20;

    public Task<IReadOnlyList<OperationRecord>> ListAsync(
        string? status, string? entityId, string? site, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Query.Of("/operations", ("status", status), ("entity_id", entityId), ("site", site)),
            SkerryJson.Default.OperationList,
            page => (page.Operations, page.Links),
            cancellationToken);

    public async Task<OperationRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.OperationReply, cancellationToken)).Operation;

    /// <summary>Answers when the operation is over, or after <paramref name="time"/> with how it stands then.</summary>
    public async Task<OperationRecord> PollAsync(string id, TimeSpan time, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Skerry,
            Query.Of(Path(id), ("wait", VolumesClient.Seconds(time))),
            SkerryJson.Default.OperationReply,
            cancellationToken)).Operation;

    public async Task<OperationRecord> CancelAsync(string id, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, Path(id) + "/cancel", null, SkerryJson.Default.OperationReply, cancellationToken)).Operation;

    private static string Path(string id) => $"/operations/{Query.Escape(id)}";
}
