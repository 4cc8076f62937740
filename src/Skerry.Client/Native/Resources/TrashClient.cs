using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

/// <summary>Replicas in the trash.</summary>
public sealed class TrashClient(ApiConnection connection)
{
    private const string Root = "/replications/trash";

    public Task<IReadOnlyList<TrashRecord>> ListAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(Service.Skerry, Root, SkerryJson.Default.TrashList, page => (page.Trash, page.Links), cancellationToken);

    /// <param name="id">Of the replication, or of the volume while one replica of it is there.</param>
    /// <param name="name">The volume's name; null for the one it had.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<RecoveryReply> RestoreAsync(string id, string? name, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"{Root}/{Query.Escape(id)}/restore", new TrashRestoreRequest(name),
            SkerryJson.Default.TrashRestoreRequest, SkerryJson.Default.RecoveryReply, cancellationToken);

    public Task<RecoveryReply> PurgeAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Delete, $"{Root}/{Query.Escape(id)}", null, SkerryJson.Default.RecoveryReply, cancellationToken);
}
