using System.Collections.Immutable;

namespace Skerry.Blocks.Maps;

/// <summary>
/// A point where a disk left the line of its own write numbers: a revert, or a catch-up that jumped. From then on a number alone
/// does not always name a state.
/// </summary>
/// <param name="At">The last number that both sides of the fork share.</param>
/// <param name="High">Numbers above <paramref name="At"/> up to this one were used before the fork as well.</param>
/// <param name="Reached">
/// Where a catch-up landed: of the writes strictly between <paramref name="At"/> and here the disk knows only the outcome.
/// Equal to <paramref name="At"/> for a revert.
/// </param>
internal readonly record struct Fork(long At, long High, long Reached)
{
    private const int Kept = 64;

    /// <summary>A number without its run: it may mean a state from before the fork, or one that was jumped over.</summary>
    public bool Obscures(long number) => number > At && (number <= High || number < Reached);

    /// <summary>A number known to be of this disk's own line.</summary>
    public bool Jumps(long number) => number > At && number < Reached;

    /// <summary>Adds a fork; the two oldest become one that obscures at least as much, so the list stays short.</summary>
    public static ImmutableArray<Fork> Add(ImmutableArray<Fork> forks, Fork fork)
    {
        forks = forks.Contains(fork) ? forks : forks.Add(fork);
        while (forks.Length > Kept)
        {
            var (a, b) = (forks[0], forks[1]);
            forks = forks.RemoveRange(0, 2).Insert(
                0, new Fork(Math.Min(a.At, b.At), Math.Max(a.High, b.High), Math.Max(a.Reached, b.Reached)));
        }

        return forks;
    }
}
