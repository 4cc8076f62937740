namespace Skerry.State.Clocks;

/// <summary>What the linked sites say of this site's clock, taken together.</summary>
public static class ClockAgreement
{
    /// <summary>Clocks that differ by no more say the same time.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(100);

    /// <summary>How far the time that a majority agrees on is ahead of this site's clock.</summary>
    /// <param name="peersAhead">How far the clock of each linked peer is ahead of this site's, as measured on its link.</param>
    /// <returns>
    /// Null when there is no majority: of this site and its peers, more than half must say the same. So one peer alone never
    /// convicts this site, nor do two that contradict each other. Zero when this site is one of the majority.
    /// </returns>
    public static TimeSpan? Of(IReadOnlyList<TimeSpan> peersAhead)
    {
        ArgumentNullException.ThrowIfNull(peersAhead);
        if (peersAhead.Count < 2) return null;
        TimeSpan[] all = [.. peersAhead.Append(TimeSpan.Zero).Order()];
        var median = all[all.Length / 2];
        var agree = all.Count(ahead => (ahead - median).Duration() <= Tolerance);
        if (agree * 2 <= all.Length) return null;
        return median.Duration() <= Tolerance ? TimeSpan.Zero : median;
    }
}
