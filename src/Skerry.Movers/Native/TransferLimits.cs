using System.Collections.Concurrent;

namespace Skerry.Movers.Native;

/// <summary>What transfers of this site have to share: turns, and the rate of each link.</summary>
internal sealed class TransferLimits(NativeMoverOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, LinkThrottle> _links = new(StringComparer.Ordinal);

    public TransferTurns Turns { get; } = new(options.TransfersAtOnce);

    public LinkThrottle Of(string site) => _links.GetOrAdd(site, _ => new LinkThrottle(options.Bandwidth, time));
}
