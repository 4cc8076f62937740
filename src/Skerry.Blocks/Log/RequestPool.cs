using System.Collections.Concurrent;

namespace Skerry.Blocks.Log;

/// <summary>Requests to be used again, so that a write or a flush allocates nothing.</summary>
internal sealed class RequestPool
{
    private const int Kept = 256;
    private readonly ConcurrentQueue<WriteRequest> _writes = new();
    private readonly ConcurrentQueue<FlushRequest> _flushes = new();

    public WriteRequest RentWrite() => _writes.TryDequeue(out var request) ? request : new WriteRequest(this);

    public FlushRequest RentFlush() => _flushes.TryDequeue(out var request) ? request : new FlushRequest(this);

    public void Return(WriteRequest request)
    {
        if (_writes.Count < Kept)
        {
            _writes.Enqueue(request);
        }
    }

    public void Return(FlushRequest request)
    {
        if (_flushes.Count < Kept)
        {
            _flushes.Enqueue(request);
        }
    }
}
