using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class QuotasClient(ApiConnection connection)
{
    /// <param name="projectId">Null for the login's own project.</param>
    public async Task<QuotaUsageRecord> ShowAsync(string? projectId, CancellationToken cancellationToken) =>
        (await connection.GetAsync(
            Service.Volume,
            await PathAsync(projectId, cancellationToken) + "?usage=True",
            IdentityJson.Default.QuotaUsageReply,
            cancellationToken)).QuotaSet;

    /// <summary>Changes the limits that are not null.</summary>
    public async Task<QuotaRecord> SetAsync(string? projectId, QuotaRecord limits, CancellationToken cancellationToken) =>
        (await connection.SendAsync(
            Service.Volume,
            HttpMethod.Put,
            await PathAsync(projectId, cancellationToken),
            new QuotaReply(limits with { Id = null }),
            IdentityJson.Default.QuotaReply,
            IdentityJson.Default.QuotaReply,
            cancellationToken)).QuotaSet;

    private async Task<string> PathAsync(string? projectId, CancellationToken cancellationToken)
    {
        var access = await connection.AccessAsync(cancellationToken);
        return $"/{access.ProjectId}/os-quota-sets/{Query.Escape(projectId ?? access.ProjectId ?? "")}";
    }
}
