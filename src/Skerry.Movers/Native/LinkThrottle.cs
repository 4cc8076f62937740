namespace Skerry.Movers.Native;

/// <summary>
/// Holds the transfers over one link to a rate: whoever comes takes the next free time of the link, in the order in which they came, so
/// that transfers share it alike. Safe for concurrent use.
/// </summary>
/// <remarks>
/// An idle link saves up a tenth of a second and no more. A new rate holds from the next frame on; a wait that began goes on for at
/// most a second before the rate is asked again.
/// </remarks>
internal sealed class LinkThrottle(BandwidthPlan plan, TimeProvider time)
{
    private static readonly TimeSpan Saved = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _paidUpTo = time.GetTimestamp();

    /// <summary>No limit at any time.</summary>
    public static LinkThrottle None { get; } = new(BandwidthPlan.Unlimited, TimeProvider.System);

    /// <summary>Returns when so many bytes may go.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken cancellationToken)
    {
        if (Rate() is null && plan.Windows.Count == 0)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            double left = bytes;
            while (Rate() is { } rate)
            {
                var now = time.GetTimestamp();
                var begin = Math.Max(_paidUpTo, now - Ticks(Saved));
                var wait = time.GetElapsedTime(now, begin) + TimeSpan.FromSeconds(left / rate);
                if (wait <= LongestWait)
                {
                    _paidUpTo = begin + Ticks(TimeSpan.FromSeconds(left / rate));
                    if (wait > TimeSpan.Zero)
                    {
                        await Task.Delay(wait, time, cancellationToken);
                    }

                    return;
                }

                // As much as the rate of now lets through, and then it is asked again.
                await Task.Delay(LongestWait, time, cancellationToken);
                _paidUpTo = time.GetTimestamp();
                left -= Math.Max(0, (LongestWait - Max(TimeSpan.Zero, time.GetElapsedTime(now, begin))).TotalSeconds * rate);
                if (left <= 0)
                {
                    return;
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private long? Rate() => plan.At(TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), time.LocalTimeZone).DateTime));
}
