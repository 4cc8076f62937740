using Skerry.Movers.Native;

namespace Skerry.Host.Configuration;

/// <summary>What transfers of this site may take; streams of instant replicas are held to none of it.</summary>
internal sealed record TransferConfiguration
{
    /// <summary>Of each link with another site, by this machine's time of day; default: no limit.</summary>
    public required BandwidthPlan Bandwidth { get; init; }

    /// <summary>1 to 64, default 4; those of other volumes and replications wait.</summary>
    public required int TransfersAtOnce { get; init; }

    /// <summary>Whether content that zstd makes shorter goes packed; default true.</summary>
    public required bool Compress { get; init; }
}
