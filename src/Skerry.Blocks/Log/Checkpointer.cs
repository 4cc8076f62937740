using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Saves the maps beside I/O, and gives back what nothing uses any more. The order is what makes it safe: the log is durable before a
/// checkpoint points into it, and the checkpoint is durable before anything that an older one needs is given back.
/// </summary>
internal sealed class Checkpointer
{
    private readonly IBackingStorage _storage;
    private readonly ulong _storeId;
    private readonly StoreState _state;
    private readonly SegmentTable _segments;
    private readonly StoreParts _parts;
    private readonly long _intervalBlocks;
    private readonly SemaphoreSlim _due = new(0);
    private readonly Lock _saving = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _savedSequence;
    private long _capturedBlocks;
    private int _isDue;
    private volatile bool _stopping;

    public Checkpointer(
        IBackingStorage storage, ulong storeId, StoreState state, SegmentTable segments, StoreParts parts, long savedSequence, long intervalBytes)
    {
        (_storage, _storeId, _state, _segments, _parts, _savedSequence, _intervalBlocks) =
            (storage, storeId, state, segments, parts, savedSequence, intervalBytes / Sizes.Block);
        parts.Writer.Reclaim = ReclaimNow;
    }

    public void Start()
    {
        _parts.Writer.Progressed = Progressed;
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask StopAsync()
    {
        _parts.Writer.Progressed = null;
        _stopping = true;
        await _stop.CancelAsync();
        await _loop;

        // The semaphore is left to the collector: the writer may be about to release it.
        _stop.Dispose();
    }

    /// <summary>Does nothing when nothing was logged since the last one.</summary>
    public async ValueTask CheckpointAsync()
    {
        Checkpoint? captured = null;

        // Durable: the log up to here is on stable storage when this completes.
        var request = new ChangeRequest(null, () => null, () => captured = Capture(), durable: true, mayUseReserve: true);
        var task = request.Task;
        _parts.Writer.Submit(request);
        await task;
        Save(captured!);
    }

    private void Progressed()
    {
        if (_parts.Writer.Position.WrittenBlocks - Volatile.Read(ref _capturedBlocks) >= _intervalBlocks && Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            _due.Release();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _due.WaitAsync(_stop.Token);
                try
                {
                    await CheckpointAsync();
                }
                catch (BlockException)
                {
                    // Either the store has failed, and whoever writes next is told; or the next checkpoint tries again.
                }

                Volatile.Write(ref _isDue, 0);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private Checkpoint Capture()
    {
        Volatile.Write(ref _capturedBlocks, _parts.Writer.Position.WrittenBlocks);
        return Checkpoint.Capture(_state, _parts.Writer.Position, _segments.NextId);
    }

    /// <summary>The log writer's, when it finds no room: all in one go, with I/O held up meanwhile.</summary>
    private bool ReclaimNow()
    {
        var captured = Capture();
        if (captured.Sequence <= Volatile.Read(ref _savedSequence))
        {
            return false;
        }

        var flush = _parts.Requests.RentFlush();
        var task = flush.Task;
        _parts.Flusher.Add(flush);
        var before = _segments.AllocatedBytes;
        try
        {
            task.AsTask().GetAwaiter().GetResult();
            Save(captured);
        }
        catch (BlockException)
        {
            return false;
        }

        return _segments.AllocatedBytes < before;
    }

    private void Save(Checkpoint captured)
    {
        lock (_saving)
        {
            if (captured.Sequence <= _savedSequence)
            {
                return;
            }

            var live = new LivePlaces(_segments.SegmentBlocks);
            try
            {
                _segments.SaveSums();
                captured.Save(_storage, _storeId, live);
                Volatile.Write(ref _savedSequence, captured.Sequence);
                Sweeper.Sweep(_segments, captured, live, () => _stopping);
            }
            catch (IOException e)
            {
                // Nothing is lost: the checkpoint before is still there, with all that it needs of the log.
                throw new BlockException(BlockError.Io, $"the block store {_storage.Name} could not save its maps: {e.Message}", e);
            }
        }
    }
}
