using System.Diagnostics.Metrics;
using Skerry.Sync.Peers;

namespace Skerry.Sync;

/// <summary>What a site measures of its links, read when somebody looks; the meter is `Skerry.Sync`.</summary>
public sealed class SyncMetrics : IDisposable
{
    private readonly Meter _meter = new("Skerry.Sync");
    private readonly SyncNode _node;

    public SyncMetrics(SyncNode node)
    {
        _node = node;
        _meter.CreateObservableGauge(
            "skerry.sync.link.up", () => Each<int>(p => p.Health is PeerHealth.Live or PeerHealth.CatchingUp ? 1 : 0), "1", "1 while a connection with the peer stands.");
        _meter.CreateObservableGauge(
            "skerry.sync.link.catching_up", () => Each<int>(p => p.Health == PeerHealth.CatchingUp ? 1 : 0), "1", "1 while one of the two ends owes the other changes.");
        _meter.CreateObservableCounter("skerry.sync.mutations.sent", () => Each<long>(p => p.MutationsSent), "{mutation}", "Mutations sent to the peer.");
        _meter.CreateObservableCounter("skerry.sync.mutations.received", () => Each<long>(p => p.MutationsReceived), "{mutation}", "Mutations received from the peer.");
        _meter.CreateObservableCounter("skerry.sync.sent", () => Each<long>(p => p.BytesSent), "By", "Bytes of frames sent to the peer.");
        _meter.CreateObservableCounter("skerry.sync.received", () => Each<long>(p => p.BytesReceived), "By", "Bytes of frames received from the peer.");
        _meter.CreateObservableGauge("skerry.sync.round_trip", () => Each(p => p.RoundTrip?.TotalSeconds), "s", "Round trip of the last heartbeat.");
        _meter.CreateObservableGauge("skerry.sync.drift", () => Each(p => p.Drift?.TotalSeconds), "s", "How far the peer's clock is ahead of this site's.");
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<T>> Each<T>(Func<PeerReport, T?> read)
        where T : struct =>
        _node.Reports
            .Select(p => (p.Name, Value: read(p)))
            .Where(p => p.Value is not null)
            .Select(p => new Measurement<T>(p.Value!.Value, new KeyValuePair<string, object?>("peer", p.Name)));
}
