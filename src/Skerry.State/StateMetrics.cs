using System.Diagnostics.Metrics;

namespace Skerry.State;

/// <summary>What State measures of itself; the meter is `Skerry.State`.</summary>
internal static class StateMetrics
{
    private static readonly Meter Meter = new("Skerry.State");

    private static readonly Counter<long> Mutations =
        Meter.CreateCounter<long>("skerry.state.mutations", "{mutation}", "Mutations made durable, own and others'.");

    private static readonly Histogram<double> AppendTime =
        Meter.CreateHistogram<double>("skerry.state.append.duration", "s", "Time of one append to the store with its sync.");

    private static readonly Histogram<int> GroupSize =
        Meter.CreateHistogram<int>("skerry.state.group.size", "{mutation}", "Mutations that shared one sync.");

    public static void Appended(int mutations, TimeSpan elapsed)
    {
        Mutations.Add(mutations);
        AppendTime.Record(elapsed.TotalSeconds);
        GroupSize.Record(mutations);
    }
}
