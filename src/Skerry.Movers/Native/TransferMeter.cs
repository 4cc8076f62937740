using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>Counts a running transfer; read by reports while it is written.</summary>
internal sealed class TransferMeter(string kind, long totalBytes, long resumedBytes, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly Lock _lock = new();
    private long _done = resumedBytes;
    private long _compared;
    private long _moved;
    private long _equal;
    private long _zeroed;
    private long _wire;
    private (long Timestamp, long Bytes) _windowStart = (time.GetTimestamp(), resumedBytes);
    private double _rate;

    public string Kind => kind;

    public long TotalBytes => totalBytes;

    public long DoneBytes => Interlocked.Read(ref _done);

    public long MovedBytes => Interlocked.Read(ref _moved);

    public DateTimeOffset StartedAt => _startedAt;

    public void Handled(long bytes) => Interlocked.Add(ref _done, bytes);

    public void Moved(long bytes) => Interlocked.Add(ref _moved, bytes);

    /// <summary>Bytes of frames, as they went over the link inside its TLS.</summary>
    public void Wire(long bytes) => Interlocked.Add(ref _wire, bytes);

    public void Zeroed(long bytes) => Interlocked.Add(ref _zeroed, bytes);

    public void Compared(long bytes, long differingBytes)
    {
        Interlocked.Add(ref _compared, bytes);
        Interlocked.Add(ref _equal, bytes - differingBytes);
    }

    public TransferStatus Status(bool isDone)
    {
        var done = DoneBytes;
        var rate = isDone ? 0 : Rate(done);
        return new TransferStatus(
            kind, totalBytes, done, Interlocked.Read(ref _compared), Interlocked.Read(ref _moved), Interlocked.Read(ref _equal), rate,
            isDone || rate <= 0 ? null : Math.Max(0, (totalBytes - done) / rate), _startedAt, isDone ? time.GetUtcNow() : null,
            Interlocked.Read(ref _zeroed))
        {
            WireBytes = Interlocked.Read(ref _wire),
        };
    }

    private double Rate(long done)
    {
        lock (_lock)
        {
            var elapsed = time.GetElapsedTime(_windowStart.Timestamp);
            if (elapsed >= Window || (_rate == 0 && elapsed > TimeSpan.Zero))
            {
                _rate = (done - _windowStart.Bytes) / elapsed.TotalSeconds;
                if (elapsed >= Window)
                {
                    _windowStart = (time.GetTimestamp(), done);
                }
            }

            return _rate;
        }
    }
}
