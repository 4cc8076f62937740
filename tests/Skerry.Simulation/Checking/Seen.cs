using Skerry.State.Clocks;

namespace Skerry.Simulation.Checking;

/// <summary>The writers of a run by number, so that what somebody had in view is an array.</summary>
internal sealed class Writers
{
    private readonly Dictionary<Writer, int> _numbers = [];

    public int NumberOf(Writer writer)
    {
        if (!_numbers.TryGetValue(writer, out var number))
        {
            _numbers.Add(writer, number = _numbers.Count);
        }

        return number;
    }

    public Seen Of(VersionVector vector)
    {
        // Incarnations that are retired are covered, though the vector no longer names them.
        var tops = vector.Concat(vector.Retired).Select(top => (Number: NumberOf(top.Writer), top.Sequence)).ToList();
        var highest = new long[_numbers.Count];
        foreach (var (number, sequence) in tops)
        {
            highest[number] = Math.Max(highest[number], sequence);
        }

        return new Seen(highest);
    }
}

/// <summary>Which mutations somebody had: for each writer's number the highest.</summary>
internal readonly record struct Seen(long[] Highest)
{
    public static Seen Nothing { get; } = new([]);

    public bool Covers(int writer, long sequence) => writer < Highest.Length && Highest[writer] >= sequence;

    public bool CoversAll(Seen other)
    {
        for (var i = 0; i < other.Highest.Length; i++)
        {
            if (other.Highest[i] > 0 && !Covers(i, other.Highest[i]))
            {
                return false;
            }
        }

        return true;
    }

    public Seen With(Seen other)
    {
        var highest = new long[Math.Max(Highest.Length, other.Highest.Length)];
        for (var i = 0; i < highest.Length; i++)
        {
            highest[i] = Math.Max(i < Highest.Length ? Highest[i] : 0, i < other.Highest.Length ? other.Highest[i] : 0);
        }

        return new Seen(highest);
    }
}
