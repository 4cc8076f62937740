namespace Skerry.Blocks.Nbd;

/// <summary>
/// Holds one connection's writes to the pace of whoever follows the device, so that what is owed to a replica that works does not
/// grow. The bound: of any stretch of time the connection waits at most three fifths, so its writes keep two fifths of their rate,
/// however slow the follower is. Used by the receiving thread alone.
/// </summary>
internal sealed class WriterPace(IPacedDevice device, TimeProvider time)
{
    private const double WaitForEachWorked = 1.5;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1), Most = TimeSpan.FromMilliseconds(50);
    private long _workedSince = time.GetTimestamp();

    /// <summary>True when a wait is due; <see cref="Wait"/> follows when all else was seen to.</summary>
    public bool IsDue => device.IsPressed && Allowed() >= Least;

    /// <summary>Returns when the follower has caught up, the allowed time is over, or the connection ends.</summary>
    public void Wait(Func<bool> goesOn)
    {
        long began = time.GetTimestamp();
        TimeSpan allowed = Allowed();
        while (device.IsPressed && time.GetElapsedTime(began) < allowed && goesOn())
        {
            Thread.Sleep(Least);
        }

        _workedSince = time.GetTimestamp();
    }

    private TimeSpan Allowed()
    {
        TimeSpan allowed = time.GetElapsedTime(_workedSince) * WaitForEachWorked;
        return allowed < Most ? allowed : Most;
    }
}
