using System.Globalization;
using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Quota;

/// <summary>One limit of a project.</summary>
internal sealed record QuotaRow(
    string Resource, string Mode, long? Limit, long? InUse, long? Overrun, string? Home, IReadOnlyList<QuotaShareRecord> Shares)
{
    public static IReadOnlyList<QuotaRow> Of(QuotaRecord quota) =>
        [.. quota.Limits.Select(l => new QuotaRow(l.Resource, quota.Mode, l.Limit, l.InUse, l.Overrun, quota.Home, l.Shares))];
}

internal static class QuotaView
{
    public static readonly View<QuotaRow> Quota = new(
        "quota",
        OutputJson.Default.QuotaRow,
        new("resource", "volumes, gigabytes or snapshots.", q => q.Resource),
        new("mode", "soft: sites apart may pass the limit together, and the overrun is shown; hard: each site grants out of its own share.", q => q.Mode),
        new("limit", "-1 is no limit.", q => q.Limit),
        new("in_use", "How much of it is used, as far as the site that is asked knows.", q => q.InUse),
        new("overrun", "How much more is used than the limit.", q => q.Overrun),
        new("home", "The site that shares a hard quota out.", q => q.Home, IsBrief: false),
        new(
            "shares",
            "Of a hard quota, what each site has used of its share.",
            q => string.Join(", ", q.Shares.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Site} {s.InUse}/{s.Share}")))));
}
