namespace Skerry.State.Clocks;

/// <summary>Makes the stamps of one site.</summary>
/// <remarks>
/// <para>A stamp is above every stamp that this clock made before, above what the caller says it must be above, and not below
/// physical time. Apart from that the clock follows the stamps that it sees at most <c>CLOCK_OFFSET</c> ahead of physical time,
/// so that one site with a fast clock cannot drag the others along.</para>
/// <para>Physical time is the wall clock and the correction that the site's peers agree on.</para>
/// <para>Real-time causal: let a write be acknowledged, and another be begun at any site more than D + <c>CLOCK_OFFSET</c> later, where
/// D is the most by which the physical times of two sites differ. Then the later one does not rank below the earlier one: a stamp is
/// ahead of the true time by at most the fastest physical time at some site, or by what an older stamp of that site was.
/// The stamp of a site whose own clock went back by more than D is ahead for longer; past the limit it is unsure, and ranks below.</para>
/// <para>Stamps are made by one thread at a time: the replica asks inside its own order of transactions. <see cref="Correct"/> may be
/// called beside that.</para>
/// </remarks>
/// <param name="time">Physical time; may step in either direction.</param>
/// <param name="followAhead">CLOCK_OFFSET: how far ahead of physical time seen stamps are followed; zero or above.</param>
/// <param name="lastOwn">The highest stamp that this site made in its earlier lives.</param>
/// <param name="limit"><c>clock_limit</c>: a stamp that is further ahead of physical time is unsure; null for no limit.</param>
public sealed class HybridClock(TimeProvider time, TimeSpan followAhead, Hlc lastOwn, TimeSpan? limit = null)
{
    private readonly long _limitMilliseconds = limit is { } most ? (long)most.TotalMilliseconds : long.MaxValue;
    private Hlc _followed;
    private long _correctionMilliseconds;
    private bool _isOff;

    /// <summary>The highest stamp made so far, over restarts.</summary>
    public Hlc Last { get; private set; } = lastOwn;

    /// <summary>What is added to the wall clock.</summary>
    public TimeSpan Correction => TimeSpan.FromMilliseconds(Interlocked.Read(ref _correctionMilliseconds));

    private long PhysicalMilliseconds => time.GetUtcNow().ToUnixTimeMilliseconds() + Interlocked.Read(ref _correctionMilliseconds);

    /// <summary>A new stamp above <paramref name="above"/>.</summary>
    public Hlc Next(Hlc above = default)
    {
        var floor = Hlc.Max(Hlc.Max(Last, _followed), above).Next;
        Last = Hlc.Max(Hlc.FromUnixMilliseconds(PhysicalMilliseconds), floor);
        return Last;
    }

    /// <summary>
    /// Whether a stamp made now says little of when it was made: the peers agree that the site's clock is off beyond the limit, or the
    /// stamp had to be further ahead of physical time than that.
    /// </summary>
    public bool IsUnsure(Hlc stamp) => Volatile.Read(ref _isOff) || stamp.UnixMilliseconds - PhysicalMilliseconds > _limitMilliseconds;

    /// <summary>Takes note of a stamp that this very site made elsewhere: in another daemon of it on the same store.</summary>
    public void ObserveOwn(Hlc stamp) => Last = Hlc.Max(Last, stamp);

    /// <summary>Takes note of a stamp that another site made. The stamp itself is never altered.</summary>
    public void Observe(Hlc seen)
    {
        var ahead = Hlc.FromUnixMilliseconds(PhysicalMilliseconds + (long)followAhead.TotalMilliseconds);
        _followed = Hlc.Max(_followed, seen <= ahead ? seen : ahead);
    }

    /// <summary>Takes note of a stamp that this site itself made in an earlier life, of which its disk knows nothing.</summary>
    public void Resume(Hlc own) => Last = Hlc.Max(Last, own);

    /// <summary>Takes what the site's peers say of its clock for the stamps to come. None goes back for it.</summary>
    /// <param name="correction">To be added to the wall clock.</param>
    /// <param name="isOff">The wall clock is off by more than the limit.</param>
    public void Correct(TimeSpan correction, bool isOff)
    {
        Interlocked.Exchange(ref _correctionMilliseconds, (long)correction.TotalMilliseconds);
        Volatile.Write(ref _isOff, isOff);
    }
}
