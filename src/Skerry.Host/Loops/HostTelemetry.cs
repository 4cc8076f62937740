using System.Diagnostics.Metrics;

namespace Skerry.Host.Loops;

internal static class HostTelemetry
{
    private static readonly Meter Meter = new("Skerry.Host");

    public static Histogram<double> StepSeconds { get; } =
        Meter.CreateHistogram<double>("skerry.reconciler.step", "s", "How long a reconciler's step took.");

    public static Counter<long> StepFaults { get; } =
        Meter.CreateCounter<long>("skerry.reconciler.faults", "1", "Steps that failed and are tried again.");
}
