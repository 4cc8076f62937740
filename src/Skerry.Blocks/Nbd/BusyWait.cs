using System.Diagnostics;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// Says how long a receiving thread goes on asking before it sleeps. A client that waits for a reply mostly sends its next request
/// within microseconds, and being woken for it takes longer than carrying it out.
/// </summary>
/// <remarks>
/// Each wait in vain doubles how many receives go straight to sleep, up to <see cref="MostSkipped"/>, and each that was worth it starts
/// anew: so an idle client, or a slow one, costs next to nothing. Between two questions whoever else wants the processor gets it.
/// </remarks>
/// <param name="limit">Zero: sleeps at once. On a single processor it does so too, since there the client could not run meanwhile.</param>
internal sealed class BusyWait(TimeSpan limit)
{
    private const int MostSkipped = 127;

    private readonly long _limitTicks = Environment.ProcessorCount > 1 ? (long)(limit.TotalSeconds * Stopwatch.Frequency) : 0;
    private long _since;
    private int _skips;
    private int _skipsLeft;

    /// <summary>False when this receive should sleep at once.</summary>
    public bool Begin()
    {
        if (_limitTicks == 0 || _skipsLeft > 0)
        {
            _skipsLeft--;
            return false;
        }

        _since = Stopwatch.GetTimestamp();
        return true;
    }

    /// <summary>Nothing came yet; false when it was enough.</summary>
    public bool GoOn()
    {
        Thread.Yield();
        if (Stopwatch.GetTimestamp() - _since < _limitTicks)
        {
            return true;
        }

        _skips = Math.Min((2 * _skips) + 1, MostSkipped);
        _skipsLeft = _skips;
        return false;
    }

    public void WasWorthIt() => _skips = 0;
}
