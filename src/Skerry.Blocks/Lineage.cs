namespace Skerry.Blocks;

/// <summary>One opening of a volume for writing.</summary>
/// <param name="Generation">The volume's generation during the run; never lower than that of the run before.</param>
/// <param name="RunId">Random, so that no two openings of any copy of a disk share it.</param>
/// <param name="FirstNumber">The number of the run's first write: one above the last number of the state that it began from.</param>
public readonly record struct RunStart(long Generation, ulong RunId, long FirstNumber);

/// <summary>
/// The history of a volume's writes: its runs in order, and the number of its last write. (generation, run, number) names a write
/// for ever, so two lineages tell which states two copies of a disk have in common.
/// </summary>
/// <param name="Runs">The runs in order; a run reaches up to the number before the next one's first.</param>
/// <param name="LastNumber">The last write that the state contains; 0 for a disk that was never written.</param>
public sealed record Lineage(IReadOnlyList<RunStart> Runs, long LastNumber)
{
    /// <summary>The lineage of a disk that was never written.</summary>
    public static Lineage Empty { get; } = new([], 0);

    /// <summary>
    /// The highest write number at which both histories were the same state: within the last run that they share, the smaller end
    /// counts. A disk never written shares number 0 with every disk; -1 when the first runs differ, since nothing is common then.
    /// </summary>
    public static long CommonNumber(Lineage a, Lineage b)
    {
        var shared = 0;
        while (shared < a.Runs.Count && shared < b.Runs.Count && a.Runs[shared] == b.Runs[shared])
        {
            shared++;
        }

        return shared > 0
            ? Math.Min(a.EndOfRun(shared - 1), b.EndOfRun(shared - 1))
            : a.Runs.Count == 0 || b.Runs.Count == 0 ? 0 : -1;
    }

    /// <summary>The state of this history at one of its numbers.</summary>
    public Lineage UpTo(long number) => number >= LastNumber ? this : new Lineage([.. Runs.Where(r => r.FirstNumber <= number)], number);

    /// <summary>True when the other volume has been in this very state.</summary>
    public bool IsPrefixOf(Lineage other) => CommonNumber(this, other) == LastNumber;

    /// <summary>Lineages are equal when they name the same runs and end at the same write.</summary>
    public bool Equals(Lineage? other) => other is not null && LastNumber == other.LastNumber && Runs.SequenceEqual(other.Runs);

    public override int GetHashCode() => HashCode.Combine(LastNumber, Runs.Count, Runs.Count == 0 ? 0 : Runs[^1].RunId);

    public override string ToString() =>
        Runs.Count == 0 ? "number 0 of no run" : $"number {LastNumber} of run {Runs[^1].RunId:x16}, generation {Runs[^1].Generation}";

    /// <summary>What is wrong with the runs' order, or null: numbers and generations only rise, and the end is not before the last run.</summary>
    internal string? Fault()
    {
        long number = 1, generation = long.MinValue;
        foreach (var run in Runs)
        {
            if (run.FirstNumber < number || run.Generation < generation)
            {
                return $"run {run.RunId:x16} (generation {run.Generation}, from number {run.FirstNumber}) is out of order";
            }

            (number, generation) = (run.FirstNumber, run.Generation);
        }

        return Runs.Count == 0 && LastNumber != 0 ? "it has writes but no run"
            : Runs.Count > 0 && Runs[0].FirstNumber != 1 ? "its first run does not begin at number 1"
            : LastNumber < number - 1 ? $"its last number {LastNumber} lies before its last run"
            : null;
    }

    private long EndOfRun(int index) => index + 1 < Runs.Count ? Runs[index + 1].FirstNumber - 1 : LastNumber;
}
