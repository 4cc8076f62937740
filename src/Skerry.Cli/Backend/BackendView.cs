using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Backend;

/// <summary>A backend with the site that it is at.</summary>
internal sealed record BackendRow(
    string Site, string Name, string Driver, long? TotalBytes, long? FreeBytes, long? AllocatedBytes, long? LiveBytes, long? DeadBytes,
    string? Fullness, string? Error, DateTimeOffset? ReportedAt);

internal static class BackendView
{
    public static readonly View<BackendRow> Backend = new(
        "backend",
        OutputJson.Default.BackendRow,
        new("site", "Site that it is at.", b => b.Site),
        new("name", "Its name in that site's configuration.", b => b.Name),
        new("driver", "Driver.", b => b.Driver, IsBrief: false),
        new("fullness", "ample, above_80_percent, above_90_percent, above_95_percent, or full: writes of new data fail, and deletes work.", b => b.Fullness),
        new("total_bytes", "All of its space.", b => b.TotalBytes),
        new("free_bytes", "What can still be written.", b => b.FreeBytes),
        new("allocated_bytes", "What its volumes take.", b => b.AllocatedBytes),
        new("live_bytes", "Of that, what was in use when it was last looked up.", b => b.LiveBytes),
        new("dead_bytes", "Of that, what nothing uses any more; it counts as free.", b => b.DeadBytes),
        new("error", "Why it cannot be used.", b => b.Error),
        new("reported_at", "When this was true.", b => b.ReportedAt, IsBrief: false));

    public static IReadOnlyList<BackendRow> Of(SiteRecord site) =>
    [
        .. (site.Backends ?? []).Select(b => new BackendRow(
            site.Name, b.Name, b.Driver, b.TotalBytes, b.FreeBytes, b.AllocatedBytes, b.LiveBytes, b.DeadBytes, b.Fullness, b.Error, b.ReportedAt)),
    ];
}
