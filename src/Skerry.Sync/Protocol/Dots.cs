using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.Sync.Protocol;

/// <summary>The mutations of one batch as a stretch of a vector: the highest sequence number of each writer in it.</summary>
internal sealed class Dots
{
    private readonly Dictionary<Writer, long> _highest = [];

    public static Dots Of(IReadOnlyList<Mutation> mutations)
    {
        var dots = new Dots();
        foreach (var mutation in mutations)
        {
            var writer = mutation.Dot.Writer;
            dots._highest[writer] = Math.Max(mutation.Dot.Sequence, dots._highest.GetValueOrDefault(writer));
        }

        return dots;
    }

    public VersionVector AddTo(VersionVector vector)
    {
        foreach (var (writer, sequence) in _highest)
        {
            vector = vector.With(new Dot(writer.Site, writer.Incarnation, sequence));
        }

        return vector;
    }
}
