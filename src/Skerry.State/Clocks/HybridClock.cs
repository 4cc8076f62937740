namespace Skerry.State.Clocks;

/// <summary>Makes the stamps of one site.</summary>
/// <remarks>
/// <para>A stamp is above every stamp that this clock made before, above what the caller says it must be above, and not below
/// physical time. Apart from that the clock follows the stamps that it sees at most <c>CLOCK_OFFSET</c> ahead of physical time,
/// so that one site with a fast clock cannot drag the others along.</para>
/// <para>Not thread-safe: the replica calls it inside its own order of transactions.</para>
/// </remarks>
/// <param name="time">Physical time; may step in either direction.</param>
/// <param name="followAhead">CLOCK_OFFSET: how far ahead of physical time seen stamps are followed; zero or above.</param>
/// <param name="lastOwn">The highest stamp that this site made in its earlier lives.</param>
public sealed class HybridClock(TimeProvider time, TimeSpan followAhead, Hlc lastOwn)
{
    private Hlc _followed;

    /// <summary>The highest stamp made so far, over restarts.</summary>
    public Hlc Last { get; private set; } = lastOwn;

    private long PhysicalMilliseconds => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A new stamp above <paramref name="above"/>.</summary>
    public Hlc Next(Hlc above = default)
    {
        var floor = Hlc.Max(Hlc.Max(Last, _followed), above).Next;
        Last = Hlc.Max(Hlc.FromUnixMilliseconds(PhysicalMilliseconds), floor);
        return Last;
    }

    /// <summary>Takes note of a stamp that another site made. The stamp itself is never altered.</summary>
    public void Observe(Hlc seen)
    {
        var limit = Hlc.FromUnixMilliseconds(PhysicalMilliseconds + (long)followAhead.TotalMilliseconds);
        _followed = Hlc.Max(_followed, seen <= limit ? seen : limit);
    }
}
