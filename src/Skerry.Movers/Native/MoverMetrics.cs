using System.Diagnostics.Metrics;

namespace Skerry.Movers.Native;

/// <summary>What this site's sending side did, over all replications.</summary>
internal static class MoverMetrics
{
    private static readonly Meter Meter = new("Skerry.Movers");

    public static readonly Counter<long> Moved =
        Meter.CreateCounter<long>("skerry.mover.moved", "By", "Block content sent in first copies, catch-ups and resyncs.");

    public static readonly Counter<long> Streamed =
        Meter.CreateCounter<long>("skerry.mover.streamed", "By", "Block content sent as it was written.");

    public static readonly Counter<long> Wire =
        Meter.CreateCounter<long>("skerry.mover.wire", "By", "Bytes of frames over links with replicas, by direction, before their TLS.");

    public static readonly KeyValuePair<string, object?> Sent = new("direction", "sent");

    public static readonly KeyValuePair<string, object?> Received = new("direction", "received");

    private static readonly Counter<long> Transfers =
        Meter.CreateCounter<long>("skerry.mover.transfers", "{transfer}", "Transfers that ended, by kind and result.");

    private static readonly Counter<long> Transferred =
        Meter.CreateCounter<long>("skerry.mover.transferred", "By", "Block content that transfers which ended had sent, by kind and result; what a failed one sent is kept.");

    public static readonly Counter<long> Attempts =
        Meter.CreateCounter<long>("skerry.mover.attempts.failed", "{attempt}", "Connections to a replica that could not be made, were declined or broke, by what they came to.");

    public static void Ended(TransferMeter transfer, string result)
    {
        var (kind, how) = (new KeyValuePair<string, object?>("kind", transfer.Kind), new KeyValuePair<string, object?>("result", result));
        Transfers.Add(1, kind, how);
        Transferred.Add(transfer.MovedBytes, kind, how);
    }
}
