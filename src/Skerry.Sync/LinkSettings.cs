namespace Skerry.Sync;

/// <summary>What differs on the link with one peer, for what this end sends; null leaves the site's own setting. The other end has its own.</summary>
public sealed record LinkSettings
{
    /// <inheritdoc cref="SyncOptions.SyncDelta"/>
    public TimeSpan? SyncDelta { get; init; }

    /// <inheritdoc cref="SyncOptions.SyncMax"/>
    public int? SyncMax { get; init; }

    /// <inheritdoc cref="SyncOptions.BandwidthBytesPerSecond"/>
    public long? BandwidthBytesPerSecond { get; init; }

    /// <inheritdoc cref="SyncOptions.Compress"/>
    public bool? Compress { get; init; }
}
