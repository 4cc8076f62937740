namespace Skerry.Sync.Protocol;

/// <summary>
/// The bandwidth bound of one end of a link: a bucket that fills at the bound and holds a quarter of a second of it. Bulk goes while the
/// bucket is above empty, and everything is taken from it, below empty too. So over any time t no more than t times the bound goes
/// out, beside one bucket and one frame.
/// </summary>
internal sealed class LinkBudget(long? bytesPerSecond, TimeProvider time)
{
    /// <summary>What a frame costs beside its own bytes: the WebSocket's head and TLS's record.</summary>
    private const int FramingBytes = 36;

    private readonly double _most = (bytesPerSecond ?? 0) / 4.0;
    private double _bytes = (bytesPerSecond ?? 0) / 4.0;
    private long _filledAt = time.GetTimestamp();

    /// <summary>How long bulk has to wait; zero when it may go.</summary>
    public TimeSpan Wait
    {
        get
        {
            if (bytesPerSecond is not { } rate)
            {
                return TimeSpan.Zero;
            }

            Fill(rate);
            return _bytes > 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _bytes) / rate);
        }
    }

    public void Spend(int frameBytes)
    {
        if (bytesPerSecond is { } rate)
        {
            Fill(rate);
            _bytes -= frameBytes + FramingBytes;
        }
    }

    private void Fill(long rate)
    {
        var now = time.GetTimestamp();
        _bytes = Math.Min(_most, _bytes + (time.GetElapsedTime(_filledAt, now).TotalSeconds * rate));
        _filledAt = now;
    }
}
