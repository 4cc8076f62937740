using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class VolumesClient(ApiConnection connection)
{
    /// <param name="name">Only those of exactly this name.</param>
    /// <param name="allProjects">Administrators only.</param>
    public Task<IReadOnlyList<VolumeRecord>> ListAsync(
        string? name, string? site, string? status, bool allProjects, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Query.Of("/volumes", ("name", name), ("site", site), ("status", status), ("all_projects", allProjects ? "true" : null)),
            SkerryJson.Default.VolumeList,
            page => (page.Volumes, page.Links),
            cancellationToken);

    public async Task<VolumeRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, Path(id), SkerryJson.Default.VolumeReply, cancellationToken)).Volume;

    public Task<VolumeReply> CreateAsync(VolumeCreateRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "/volumes", request, SkerryJson.Default.VolumeCreateRequest, cancellationToken);

    public Task<VolumeReply> UpdateAsync(string id, VolumeUpdateRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, Path(id), request, SkerryJson.Default.VolumeUpdateRequest, cancellationToken);

    public Task<VolumeReply> ExtendAsync(string id, long sizeGib, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, Path(id) + "/extend", new VolumeExtendRequest(sizeGib), SkerryJson.Default.VolumeExtendRequest, cancellationToken);

    public Task<VolumeReply> RevertAsync(string id, string snapshotId, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, Path(id) + "/revert", new VolumeRevertRequest(snapshotId), SkerryJson.Default.VolumeRevertRequest, cancellationToken);

    /// <param name="site">Whose copy; null for the site that holds the volume.</param>
    public Task<VolumeReply> CheckAsync(string id, string? site, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, Path(id) + "/check", new VolumeCheckRequest(site), SkerryJson.Default.VolumeCheckRequest, cancellationToken);

    /// <param name="site">Whose copy; null for the site that holds the volume.</param>
    public Task<VolumeReply> UsageAsync(string id, string? site, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, Path(id) + "/usage", new VolumeUsageRequest(site), SkerryJson.Default.VolumeUsageRequest, cancellationToken);

    /// <param name="cascade">Its snapshots too.</param>
    public Task<VolumeReply> DeleteAsync(string id, bool cascade, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Delete,
            Query.Of(Path(id), ("cascade", cascade ? "true" : null)),
            null,
            SkerryJson.Default.VolumeReply,
            cancellationToken);

    public async Task<ConnectionRecord> ConnectAsync(string id, ConnectRequest request, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            Path(id) + "/connections",
            request,
            SkerryJson.Default.ConnectRequest,
            SkerryJson.Default.ConnectionReply,
            cancellationToken)).Connection;

    public Task<IReadOnlyList<ConnectionRecord>> ConnectionsAsync(string id, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Path(id) + "/connections",
            SkerryJson.Default.ConnectionList,
            page => (page.Connections, page.Links),
            cancellationToken);

    public Task DisconnectAsync(string id, string connectionId, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Delete, $"{Path(id)}/connections/{Query.Escape(connectionId)}", cancellationToken);

    /// <summary>What <paramref name="action"/> would do and lose if it were asked now; changes nothing.</summary>
    /// <param name="id">Of the volume.</param>
    /// <param name="action">promote or failover.</param>
    /// <param name="to">Name or id of the site that would become primary.</param>
    /// <param name="force">Without the consent of the present primary.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<RecoveryPreviewRecord> PreviewAsync(
        string id, string action, string? to, bool force, CancellationToken cancellationToken, string? snapshotId = null) =>
        (await connection.GetAsync(
            Service.Skerry,
            Query.Of($"{Path(id)}/{action}", ("to", to), ("force", force ? "true" : null), ("snapshot_id", snapshotId)),
            SkerryJson.Default.RecoveryPreviewReply,
            cancellationToken)).Preview;

    /// <param name="id">Of the volume.</param>
    /// <param name="action">promote, demote, resync, failover or failback.</param>
    /// <param name="request">Where to, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<RecoveryReply> RecoverAsync(string id, string action, RecoveryRequest request, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry,
            HttpMethod.Post,
            $"{Path(id)}/{action}",
            request,
            SkerryJson.Default.RecoveryRequest,
            SkerryJson.Default.RecoveryReply,
            cancellationToken);

    /// <summary>Asks to undo a planned failover that is under way.</summary>
    public Task<RecoveryReply> AbortFailoverAsync(string id, CancellationToken cancellationToken) =>
        connection.SendAsync(
            Service.Skerry, HttpMethod.Post, $"{Path(id)}/failover/abort", null, SkerryJson.Default.RecoveryReply, cancellationToken);

    internal static string Seconds(TimeSpan time) => ((long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private static string Path(string id) => $"/volumes/{Query.Escape(id)}";

    private Task<VolumeReply> SendAsync<T>(
        HttpMethod method, string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        connection.SendAsync(Service.Skerry, method, path, body, type, SkerryJson.Default.VolumeReply, cancellationToken);
}
