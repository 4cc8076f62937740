using Skerry.State.Clocks;
using Skerry.State.Log;

namespace Skerry.State;

/// <summary>A stretch of what this site once wrote, had no more, and got back from others.</summary>
/// <param name="Incarnation">The start of this site that wrote it.</param>
/// <param name="First">The lowest number that came back.</param>
/// <param name="Last">The highest.</param>
/// <param name="Highest">The highest stamp of it; zero when it came in a snapshot, which does not tell.</param>
public sealed record ReturnedWrite(ulong Incarnation, long First, long Last, Hlc Highest);

/// <summary>Notes what of this site comes back from others. Thread-safe.</summary>
internal sealed class ReturnedWrites
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, ReturnedWrite> _byIncarnation = [];

    public IReadOnlyList<ReturnedWrite> All
    {
        get
        {
            lock (_lock) return [.. _byIncarnation.Values];
        }
    }

    public void Note(SiteId self, IReadOnlyList<Mutation> taken)
    {
        foreach (var mutation in taken)
        {
            if (mutation.Dot.Site == self) Note(new ReturnedWrite(mutation.Dot.Incarnation, mutation.Dot.Sequence, mutation.Dot.Sequence, mutation.Stamp));
        }
    }

    /// <summary>What a snapshot brought.</summary>
    public void Note(SiteId self, VersionVector before, VersionVector joined)
    {
        foreach (var dot in joined)
        {
            if (dot.Site == self && !before.Covers(dot)) Note(new ReturnedWrite(dot.Incarnation, before[dot.Writer] + 1, dot.Sequence, Hlc.Zero));
        }
    }

    private void Note(ReturnedWrite write)
    {
        lock (_lock)
        {
            _byIncarnation[write.Incarnation] = _byIncarnation.TryGetValue(write.Incarnation, out var known)
                ? new ReturnedWrite(
                    write.Incarnation, Math.Min(known.First, write.First), Math.Max(known.Last, write.Last), Hlc.Max(known.Highest, write.Highest))
                : write;
        }
    }
}
