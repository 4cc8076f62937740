namespace Skerry.Benchmarks.Blocks;

/// <summary>One kind of use, by a client program that people have, and the one number that it gives.</summary>
/// <param name="Case">What selects it.</param>
/// <param name="Unit">The number's unit; a rate.</param>
/// <param name="Content">What the disk holds while it is used.</param>
/// <param name="Goal">The ratio to reach against the better of <paramref name="Bars"/>.</param>
/// <param name="Bars">Names of the servers that the goal is meant against.</param>
/// <param name="RunAsync">Uses the disk at a URI once, for about so many milliseconds; the seed says which blocks, in which order.</param>
internal sealed record Workload(
    string Case, string Unit, Content Content, double Goal, IReadOnlyList<string> Bars, Func<string, int, int, CancellationToken, Task<double>> RunAsync);
