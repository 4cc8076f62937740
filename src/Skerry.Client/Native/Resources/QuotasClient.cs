using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class QuotasClient(ApiConnection connection)
{
    /// <param name="projectId">Null for the login's own project.</param>
    public async Task<QuotaRecord> ShowAsync(string? projectId, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Skerry, await PathAsync(projectId, cancellationToken), SkerryJson.Default.QuotaReply, cancellationToken)).Quota;

    /// <summary>Changes what is not null.</summary>
    public async Task<QuotaRecord> SetAsync(string? projectId, QuotaSetRequest change, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Skerry, HttpMethod.Put, await PathAsync(projectId, cancellationToken), change, SkerryJson.Default.QuotaSetRequest,
            SkerryJson.Default.QuotaReply, cancellationToken)).Quota;

    private async Task<string> PathAsync(string? projectId, CancellationToken cancellationToken) =>
        $"/quotas/{Query.Escape(projectId ?? (await connection.AccessAsync(cancellationToken)).ProjectId ?? "")}";
}
