namespace Skerry.Blocks.Nbd;

/// <summary>
/// Holds all connections that share it to <see cref="Limits"/>, which may change at any time. One for each volume, handed out with
/// every <see cref="NbdExport"/> of it.
/// </summary>
/// <remarks>
/// Token buckets that may go into debt: a request starts when no bucket that it draws on is empty, and pays in full. So a large
/// request is never starved by small ones, and over time the rate is exact.
/// </remarks>
public sealed class NbdLimiter(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<Bucket> _buckets = [];
    private volatile NbdLimits _limits = new();
    private volatile bool _isLimiting;

    /// <summary>Setting others than before starts with full bursts, and holds for requests that are waiting too.</summary>
    public NbdLimits Limits
    {
        get => _limits;
        set
        {
            lock (_gate)
            {
                if (value == _limits)
                {
                    return;
                }

                _limits = value;
                long now = time.GetTimestamp();
                _buckets.Clear();
                Add(value.TotalOperations, forReads: true, forWrites: true, countsBytes: false);
                Add(value.ReadOperations, forReads: true, forWrites: false, countsBytes: false);
                Add(value.WriteOperations, forReads: false, forWrites: true, countsBytes: false);
                Add(value.TotalBytes, forReads: true, forWrites: true, countsBytes: true);
                Add(value.ReadBytes, forReads: true, forWrites: false, countsBytes: true);
                Add(value.WriteBytes, forReads: false, forWrites: true, countsBytes: true);
                _isLimiting = _buckets.Count > 0;

                void Add(NbdRate rate, bool forReads, bool forWrites, bool countsBytes)
                {
                    if (rate.PerSecond > 0)
                    {
                        _buckets.Add(new Bucket(rate, forReads, forWrites, countsBytes, now));
                    }
                }
            }
        }
    }

    internal bool IsLimiting => _isLimiting;

    /// <summary>Pays for one operation; or says how long it has to wait at least, and takes nothing.</summary>
    internal bool TryTake(bool isWrite, long bytes, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        lock (_gate)
        {
            long now = time.GetTimestamp();
            foreach (Bucket bucket in _buckets)
            {
                if (bucket.Concerns(isWrite, bytes))
                {
                    TimeSpan own = bucket.Wait(now, time);
                    wait = own > wait ? own : wait;
                }
            }

            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            foreach (Bucket bucket in _buckets)
            {
                if (bucket.Concerns(isWrite, bytes))
                {
                    bucket.Take(bytes);
                }
            }

            return true;
        }
    }

    private sealed class Bucket(NbdRate rate, bool forReads, bool forWrites, bool countsBytes, long now)
    {
        private readonly double _capacity = Capacity(rate);
        private double _tokens = Capacity(rate);
        private long _filledAt = now;

        public bool Concerns(bool isWrite, long bytes) => (isWrite ? forWrites : forReads) && (!countsBytes || bytes > 0);

        public TimeSpan Wait(long timestamp, TimeProvider time)
        {
            _tokens = Math.Min(_capacity, _tokens + (time.GetElapsedTime(_filledAt, timestamp).TotalSeconds * rate.PerSecond));
            _filledAt = timestamp;
            return _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Max(1e-6, (1 - _tokens) / rate.PerSecond));
        }

        /// <summary>Waits end late by some milliseconds: what came in meanwhile must find room, or the rate is never reached.</summary>
        private static double Capacity(NbdRate rate) =>
            Math.Max(Math.Max(1, rate.PerSecond / 20.0), rate.Burst > 0 ? rate.Burst : rate.PerSecond / 10.0);

        public void Take(long bytes) => _tokens -= countsBytes ? bytes : 1;
    }
}
