using System.Globalization;

namespace Skerry.TestKit.Seeds;

/// <summary>A source of chance that a seed replays.</summary>
public sealed class Chance(int seed)
{
    /// <summary>What repeats this run.</summary>
    public int Seed { get; } = seed;

    /// <summary>For code that takes the base library's source.</summary>
    public Random Source { get; } = new(seed);

    /// <summary>From 0 up to but not including the bound.</summary>
    public int Below(int bound) => Source.Next(bound);

    public bool OneIn(int many) => Source.Next(many) == 0;

    public T Pick<T>(IReadOnlyList<T> from) => from[Source.Next(from.Count)];

    public T[] Shuffle<T>(IEnumerable<T> items)
    {
        T[] shuffled = [.. items];
        Source.Shuffle(shuffled);
        return shuffled;
    }

    /// <summary>Runs the body for each seed, and names the seed that fails.</summary>
    /// <param name="seeds">How many; SKERRY_SEED in the environment runs that one alone.</param>
    /// <param name="body">What must hold for any seed.</param>
    public static async Task ForEachSeedAsync(int seeds, Func<Chance, Task> body)
    {
        var single = Environment.GetEnvironmentVariable("SKERRY_SEED");
        var first = single is null ? 0 : int.Parse(single, CultureInfo.InvariantCulture);
        for (var seed = first; seed < (single is null ? seeds : first + 1); seed++)
        {
            try
            {
                await body(new Chance(seed));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed} fails; SKERRY_SEED={seed} replays it. {failure.Message}", failure);
            }
        }
    }
}
