using System.Globalization;
using Skerry.Client.Native.Wire;

namespace Skerry.Client.Native.Resources;

public sealed class EventsClient(ApiConnection connection)
{
    /// <summary>Of the site that is asked, oldest first.</summary>
    public Task<IReadOnlyList<EventRecord>> ListAsync(
        string? kind, string? volumeId, DateTimeOffset? since, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Service.Skerry,
            Query.Of("/events/journal", ("kind", kind), ("volume_id", volumeId), ("since", since?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))),
            SkerryJson.Default.EventList,
            page => (page.Events, page.Links),
            cancellationToken);
}
