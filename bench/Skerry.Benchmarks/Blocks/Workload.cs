namespace Skerry.Benchmarks.Blocks;

/// <summary>One kind of use, by a client program that people have, and the one number that it gives.</summary>
/// <param name="Metric">What the number is called.</param>
/// <param name="Unit">Its unit; a rate.</param>
/// <param name="RunAsync">Uses the disk at a URI once.</param>
internal sealed record Workload(string Metric, string Unit, Func<string, CancellationToken, Task<double>> RunAsync);
