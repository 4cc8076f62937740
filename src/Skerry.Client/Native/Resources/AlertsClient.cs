using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class AlertsClient(ApiConnection connection)
{
    /// <summary>What stands at the site that is asked, the worst first.</summary>
    public Task<IReadOnlyList<AlertRecord>> ListAsync(CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry, "/alerts", SkerryJson.Default.AlertList, page => (page.Alerts, page.Links), cancellationToken);

    public async Task<AlertRecord> ShowAsync(string id, CancellationToken cancellationToken) =>
        (await connection.GetAsync(Service.Skerry, $"/alerts/{Query.Escape(id)}", SkerryJson.Default.AlertReply, cancellationToken)).Alert;
}
