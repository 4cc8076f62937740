using System.Diagnostics.Metrics;

namespace Skerry.Host.Webhooks;

/// <summary>What became of deliveries.</summary>
internal sealed class WebhookMetrics : IDisposable
{
    public const string Taken = "taken";
    public const string Rejected = "rejected";
    public const string TimedOut = "timed_out";
    public const string Unreachable = "unreachable";
    public const string Gone = "gone";

    private readonly Meter _meter = new("Skerry.Host");
    private readonly Counter<long> _deliveries;
    private readonly Counter<long> _lost;

    public WebhookMetrics()
    {
        _deliveries = _meter.CreateCounter<long>("skerry.webhook.deliveries", "{attempt}", "Attempts to tell an endpoint of an event, by result.");
        _lost = _meter.CreateCounter<long>("skerry.webhook.lost", "{event}", "Events that were dropped before an endpoint took them; some may not have been for it.");
    }

    /// <summary>An alert on what is not there yet needs its zero.</summary>
    public void Observe(IReadOnlyList<WebhookSender> senders)
    {
        _meter.CreateObservableGauge(
            "skerry.webhook.waiting", () => senders.Select(s => new Measurement<long>(s.Waiting, Endpoint(s.Endpoint.Name))), "{event}",
            "Events that an endpoint has not taken yet.");
        _meter.CreateObservableGauge(
            "skerry.webhook.stopped", () => senders.Select(s => new Measurement<int>(s.IsGone ? 1 : 0, Endpoint(s.Endpoint.Name))), "{endpoint}",
            "1 since an endpoint said with 410 that it wants no more.");
        foreach (var name in senders.Select(s => s.Endpoint.Name))
        {
            _lost.Add(0, Endpoint(name));
            foreach (var result in (string[])[Taken, Rejected, TimedOut, Unreachable, Gone])
            {
                _deliveries.Add(0, Endpoint(name), new KeyValuePair<string, object?>("result", result));
            }
        }
    }

    public void Delivered(string endpoint, string result) =>
        _deliveries.Add(1, Endpoint(endpoint), new KeyValuePair<string, object?>("result", result));

    public void Lost(string endpoint, long events) => _lost.Add(events, Endpoint(endpoint));

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Endpoint(string name) => new("endpoint", name);
}
