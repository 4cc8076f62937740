namespace Skerry.Domain.Recovery;

/// <summary>A primary's leave to acknowledge, for as long as its target said that it will not promote itself. Safe for concurrent use.</summary>
/// <param name="clock">The primary's.</param>
public sealed class HeldLease(BootClock clock)
{
    private const int MostAsks = 64;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TimeSpan> _askedAt = [];
    private long _lastAsk;
    private long _validUntilTicks = long.MinValue;

    /// <summary>True while the present instant is covered by a grant.</summary>
    public bool IsValid => clock.Now.Ticks < Volatile.Read(ref _validUntilTicks);

    /// <summary>Names an ask that is about to be sent: what comes back as granted counts from now.</summary>
    public long BeginAsk()
    {
        lock (_lock)
        {
            // Those that nobody answered are forgotten in time; what such an ask would bring is nearly over.
            _askedAt.Remove(_lastAsk - MostAsks);
            _askedAt[++_lastAsk] = clock.Now;
            return _lastAsk;
        }
    }

    /// <summary>The ask was granted. An unknown one grants nothing; one that comes late or twice does no harm.</summary>
    public void Granted(long ask, TimeSpan length)
    {
        lock (_lock)
        {
            if (_askedAt.TryGetValue(ask, out var askedAt))
            {
                Volatile.Write(ref _validUntilTicks, Math.Max(_validUntilTicks, (askedAt + length).Ticks));
            }
        }
    }
}
