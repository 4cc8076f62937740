namespace Skerry.Benchmarks.Replicate;

/// <summary>Measurements by case and by whom, of which medians count.</summary>
internal sealed class Samples
{
    public const string Ours = "skerry";

    private readonly Dictionary<(string Name, string Who), List<double>> _all = [];

    public void Add(string name, string who, double value)
    {
        if (!_all.TryGetValue((name, who), out var list))
        {
            _all[(name, who)] = list = [];
        }

        list.Add(value);
    }

    public double? Median(string name, string who) => _all.TryGetValue((name, who), out var list) ? MedianOf(list) : null;

    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
