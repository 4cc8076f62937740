namespace Skerry.Movers.Native;

/// <summary>What one stream sent and the replica has not yet acknowledged, and how old the oldest of it is. Safe for concurrent use.</summary>
internal sealed class StreamWindow
{
    private readonly Lock _lock = new();
    private readonly Queue<Sent> _sent = new();
    private readonly SemaphoreSlim _acknowledged = new(0, 1);
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public DateTimeOffset? OldestAt
    {
        get
        {
            lock (_lock)
            {
                return _sent.TryPeek(out var oldest) ? oldest.At : null;
            }
        }
    }

    public void Add(long lastNumber, long bytes, DateTimeOffset at)
    {
        lock (_lock)
        {
            _sent.Enqueue(new Sent(lastNumber, bytes, at));
            _bytes += bytes;
        }
    }

    public void Acknowledge(long number)
    {
        lock (_lock)
        {
            while (_sent.TryPeek(out var oldest) && oldest.LastNumber <= number)
            {
                _sent.Dequeue();
                _bytes -= oldest.Bytes;
            }

            if (_acknowledged.CurrentCount == 0)
            {
                _acknowledged.Release();
            }
        }
    }

    /// <summary>Completes at an acknowledgement since the last wait. One waits at a time.</summary>
    public Task AcknowledgedAsync(CancellationToken cancellationToken) => _acknowledged.WaitAsync(cancellationToken);

    private readonly record struct Sent(long LastNumber, long Bytes, DateTimeOffset At);
}
