using System.Text.Json;

namespace Skerry.Benchmarks;

/// <summary>The outcome of a benchmark: a file for programs, a table for people.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static async Task WriteAsync(string path, IReadOnlyList<Comparison> comparisons, CancellationToken cancellationToken) =>
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(comparisons, Json) + "\n", cancellationToken);

    public static void Print(IReadOnlyList<Comparison> comparisons, TextWriter output)
    {
        output.WriteLine($"{"metric",-24} {"skerry",10} {"unit",-6} {"peer",-12} {"peer's",10} {"ratio",7}");
        foreach (var c in comparisons)
        {
            output.WriteLine($"{c.Metric,-24} {c.Value,10:0.#} {c.Unit,-6} {c.Peer,-12} {c.PeerValue,10:0.#} {c.Ratio,7:0.00}");
        }
    }
}
