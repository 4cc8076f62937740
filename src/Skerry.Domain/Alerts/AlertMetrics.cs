using System.Diagnostics.Metrics;

namespace Skerry.Domain.Alerts;

/// <summary>How many alerts stand at this site, read when somebody looks; the meter is `Skerry.Domain`.</summary>
public sealed class AlertMetrics : IDisposable
{
    private readonly Meter _meter = new("Skerry.Domain");

    public AlertMetrics(AlertReconciler alerts) =>
        _meter.CreateObservableGauge(
            "skerry.alerts",
            () => Enum.GetValues<AlertSeverity>().Select(severity => new Measurement<int>(
                alerts.Standing.Count(a => a.Severity == severity), new KeyValuePair<string, object?>("severity", Alert.Word(severity)))),
            "{alert}",
            "Alerts that stand at this site, by severity.");

    public void Dispose() => _meter.Dispose();
}
