using System.Diagnostics.Metrics;

namespace Skerry.Blocks.Integrity;

/// <summary>What the stores of this process found and healed.</summary>
internal static class IntegrityMetrics
{
    private static readonly Meter Meter = new("Skerry.Blocks");

    public static readonly Counter<long> Verified =
        Meter.CreateCounter<long>("skerry.blocks.verified", "By", "Live bytes that scrubs and checks read and proved.");

    public static readonly Counter<long> Damaged =
        Meter.CreateCounter<long>("skerry.blocks.damaged", "{block}", "Bad blocks that scrubs and checks met, healed ones included.");

    public static readonly Counter<long> Healed =
        Meter.CreateCounter<long>("skerry.blocks.healed", "{block}", "Bad blocks whose content was put back from another copy.");
}
