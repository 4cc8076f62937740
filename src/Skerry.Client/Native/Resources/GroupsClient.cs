using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class GroupsClient(ApiConnection connection)
{
    public Task<IReadOnlyList<GroupRecord>> ListAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(Service.Skerry, "/groups", SkerryJson.Default.GroupList, page => (page.Groups, page.Links), cancellationToken);

    /// <param name="nameOrId">A name that only one group has, or an id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<GroupRecord> ShowAsync(string nameOrId, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(nameOrId), SkerryJson.Default.GroupReply, cancellationToken)).Group;

    public async Task<GroupRecord> CreateAsync(GroupCreateRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, "/groups", request, SkerryJson.Default.GroupCreateRequest, SkerryJson.Default.GroupReply,
            cancellationToken)).Group;

    public Task<GroupRecord> AddAsync(string id, string volumeId, CancellationToken cancellationToken) =>
        MemberAsync(HttpMethod.Put, id, volumeId, cancellationToken);

    public Task<GroupRecord> RemoveAsync(string id, string volumeId, CancellationToken cancellationToken) =>
        MemberAsync(HttpMethod.Delete, id, volumeId, cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, HttpMethod.Delete, Path(id), cancellationToken);

    public async Task<GroupRecord> ReplicateAsync(string id, GroupReplicateRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, Path(id) + "/replicate", request, SkerryJson.Default.GroupReplicateRequest,
            SkerryJson.Default.GroupReply, cancellationToken)).Group;

    public async Task<GroupRecord> SyncAsync(string id, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, Path(id) + "/sync", null, SkerryJson.Default.GroupReply, cancellationToken)).Group;

    public async Task<GroupPreviewRecord> PreviewAsync(
        string id, string? to, bool force, bool allowMissing, string? cutId, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Skerry,
            Query.Of(Path(id) + "/failover", ("to", to), ("force", force ? "true" : null), ("allow_missing", allowMissing ? "true" : null),
                ("cut_id", cutId)),
            SkerryJson.Default.GroupPreviewReply,
            cancellationToken)).Preview;

    /// <param name="id">Of the group.</param>
    /// <param name="verb">failover, failback or promote.</param>
    /// <param name="request">How.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<GroupRecoveryReply> RecoverAsync(string id, string verb, GroupRecoveryRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"{Path(id)}/{verb}", request, SkerryJson.Default.GroupRecoveryRequest,
            SkerryJson.Default.GroupRecoveryReply, cancellationToken);

    /// <summary>Asks to undo a planned failover that is under way.</summary>
    public async Task<OperationRecord> AbortFailoverAsync(string id, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"{Path(id)}/failover/abort", null, SkerryJson.Default.OperationReply, cancellationToken)).Operation;

    private async Task<GroupRecord> MemberAsync(HttpMethod method, string id, string volumeId, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, method, $"{Path(id)}/volumes/{Query.Escape(volumeId)}", null, SkerryJson.Default.GroupReply, cancellationToken)).Group;

    private static string Path(string id) => $"/groups/{Query.Escape(id)}";
}
