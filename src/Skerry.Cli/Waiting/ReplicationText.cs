using Skerry.Cli.Output;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Waiting;

/// <summary>One line on how a replication stands: its word, and the transfer or the lag.</summary>
internal static class ReplicationText
{
    public const string Secondary = "active - secondary";

    public static string Line(ReplicationRecord replication)
    {
        var line = $"{replication.VolumeName ?? replication.VolumeId} → {replication.TargetSite}: {replication.Status}";
        if (replication.Reason is { } reason)
        {
            return $"{line} ({reason})";
        }

        if (replication.Source?.Transfer is { EndedAt: null } transfer)
        {
            return $"{line}, {Transfer(transfer)}";
        }

        return replication.Source is { LagBytes: { } lagBytes } source
            ? $"{line}, behind by {Quantity.Bytes(lagBytes)}{(source.LagSeconds is { } seconds ? $", {Quantity.Seconds(seconds)}" : "")}"
            : line;
    }

    /// <summary>"first-copy 1.20 GiB of 2.00 GiB (60 %), 210 MiB/s, 4 s left".</summary>
    public static string Transfer(TransferRecord transfer)
    {
        var percent = transfer.TotalBytes > 0 ? $" ({100 * transfer.DoneBytes / transfer.TotalBytes} %)" : "";
        var left = transfer.SecondsLeft is { } seconds ? $", {Quantity.Seconds(seconds)} left" : "";
        return $"{transfer.Kind} {Quantity.Bytes(transfer.DoneBytes)} of {Quantity.Bytes(transfer.TotalBytes)}{percent}, "
            + $"{Quantity.Bytes((long)transfer.BytesPerSecond)}/s{left}";
    }
}
