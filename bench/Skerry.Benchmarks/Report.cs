using System.Text.Json;

namespace Skerry.Benchmarks;

/// <summary>The outcome of a benchmark: a file for programs, a table for people.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static async Task WriteAsync(string path, IReadOnlyList<Comparison> comparisons, CancellationToken cancellationToken) =>
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(comparisons, Json) + "\n", cancellationToken);

    /// <summary>A line for each metric: ours, then each peer's with the ratio; a star marks the peer that the goal is meant against.</summary>
    public static void Print(IReadOnlyList<Comparison> comparisons, TextWriter output)
    {
        foreach (var metric in comparisons.GroupBy(c => c.Metric))
        {
            var first = metric.First();
            var peers = string.Join("  ", metric.Select(c => $"{c.Peer}{(c.Goal is null ? " " : "*")} {c.PeerValue,9:0.##} {c.Ratio,6:0.00}x"));
            var verdict = metric.FirstOrDefault(c => c.Goal is not null) is { } aimed ? $"  goal {aimed.Goal:0.0#}x {(aimed.Ratio >= aimed.Goal ? "reached" : "MISSED")}" : "";
            output.WriteLine($"{metric.Key,-34} {first.Value,9:0.##} {first.Unit,-7} {peers}{verdict}");
        }
    }
}
