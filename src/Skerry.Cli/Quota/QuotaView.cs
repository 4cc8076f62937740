using Skerry.Cli.Output;

namespace Skerry.Cli.Quota;

/// <summary>One limit of a project.</summary>
internal sealed record QuotaRow(string Resource, long? Limit, long? InUse);

internal static class QuotaView
{
    public static readonly View<QuotaRow> Quota = new(
        "quota",
        OutputJson.Default.QuotaRow,
        new("resource", "volumes, gigabytes or snapshots.", q => q.Resource),
        new("limit", "-1 is no limit.", q => q.Limit),
        new("in_use", "How much of it is used.", q => q.InUse));
}
