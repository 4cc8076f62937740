using Skerry.Movers.Native;

namespace Skerry.Host.Configuration;

/// <summary>What transfers of this site may take, which streams of instant replicas are not held to; and what these may ask of writers.</summary>
internal sealed record TransferConfiguration
{
    /// <summary>Of each link with another site, by this machine's time of day; default: no limit.</summary>
    public required BandwidthPlan Bandwidth { get; init; }

    /// <summary>1 to 64, default 4; those of other volumes and replications wait.</summary>
    public required int TransfersAtOnce { get; init; }

    /// <summary>Whether content that zstd makes shorter goes packed; default while that makes the transfer quicker.</summary>
    public required Packing Packing { get; init; }

    /// <summary>Whether writers of a volume are held back while its instant replica does not keep up; default false.</summary>
    public required bool PaceWriters { get; init; }
}
