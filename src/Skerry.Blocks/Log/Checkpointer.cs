using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Saves the maps beside I/O, and gives back what nothing uses any more. The order is what makes it safe: the log is durable before a
/// checkpoint points into it, and the checkpoint is durable before anything that an older one needs is given back.
/// </summary>
internal sealed class Checkpointer
{
    /// <summary>Dead space is searched for once a quarter of what is stored has been written since the last time.</summary>
    private const int WrittenPerStored = 4;

    /// <summary>At least so many bytes of log for each byte of map nodes, as far as the longest interval allows.</summary>
    private const int LogPerMap = 16;

    /// <summary>The longest interval, in shortest ones: it bounds what an opening after a crash reads again.</summary>
    private const int MostIntervals = 4;

    private readonly IBackingStorage _storage;
    private readonly ulong _storeId;
    private readonly StoreState _state;
    private readonly SegmentTable _segments;
    private readonly StoreParts _parts;
    private readonly long _leastIntervalBlocks;
    private readonly MapFiles _maps;
    private readonly SemaphoreSlim _due = new(0);
    private readonly Lock _saving = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _savedSequence;
    private long _capturedBlocks;
    private long _intervalBlocks;
    private long _markedBlocks;
    private int _walks;
    private int _isDue;
    private volatile bool _stopping;

    public Checkpointer(
        IBackingStorage storage, ulong storeId, StoreState state, SegmentTable segments, StoreParts parts, Checkpoint loaded, long leastIntervalBytes)
    {
        (_storage, _storeId, _state, _segments, _parts) = (storage, storeId, state, segments, parts);
        _maps = new MapFiles(storage, storeId, loaded.MapFiles);
        _savedSequence = loaded.IsOutdated ? -1 : loaded.Sequence;
        _intervalBlocks = _leastIntervalBlocks = leastIntervalBytes / Sizes.Block;
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
    /// <param name="reclaim">Gives dead space back now; else when enough was written for it to be worth the search.</param>
    public async ValueTask CheckpointAsync(bool reclaim)
    {
        Checkpoint? captured = null;

        // Durable: the log up to here is on stable storage when this completes.
        var request = new ChangeRequest(null, () => null, () => captured = Capture(), durable: true, mayUseReserve: true);
        var task = request.Task;
        _parts.Writer.Submit(request);
        try
        {
            await task;
            Save(captured!, reclaim);
        }
        finally
        {
            captured?.Release();
        }
    }

    private void Progressed()
    {
        if (_parts.Writer.Position.WrittenBlocks - Volatile.Read(ref _capturedBlocks) >= Volatile.Read(ref _intervalBlocks) && Interlocked.Exchange(ref _isDue, 1) == 0)
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
                    await CheckpointAsync(reclaim: false);
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
        return Checkpoint.Capture(_state, _parts.Writer.Position, _segments.NextId, [_segments.Places.Capture()]);
    }

    /// <summary>The log writer's, when it finds no room: all in one go, with I/O held up meanwhile.</summary>
    private bool ReclaimNow()
    {
        var captured = Capture();
        if (captured.Sequence <= Volatile.Read(ref _savedSequence))
        {
            captured.Release();
            return false;
        }

        var flush = _parts.Requests.RentFlush();
        var task = flush.Task;
        _parts.Flusher.Add(flush);
        var before = _segments.AllocatedBytes;
        try
        {
            task.AsTask().GetAwaiter().GetResult();
            Save(captured, reclaim: true);
        }
        catch (BlockException)
        {
            return false;
        }
        finally
        {
            captured.Release();
        }

        return _segments.AllocatedBytes < before;
    }

    private void Save(Checkpoint captured, bool reclaim)
    {
        lock (_saving)
        {
            try
            {
                if (captured.Sequence > _savedSequence)
                {
                    _segments.SaveSums();
                    captured.Save(_storage, _storeId, _maps);
                    Volatile.Write(ref _savedSequence, captured.Sequence);
                    SetPace();
                }

                if (captured.Sequence == _savedSequence
                    && (reclaim || captured.WrittenBlocks - _markedBlocks >= _segments.AllocatedBytes / Sizes.Block / WrittenPerStored))
                {
                    _markedBlocks = captured.WrittenBlocks;
                    Sweep(captured);
                }
            }
            catch (IOException e)
            {
                // Nothing is lost: the checkpoint before is still there, with all that it needs of the log.
                throw new BlockException(BlockError.Io, $"the block store {_storage.Name} could not save its maps: {e.Message}", e);
            }
        }
    }

    /// <summary>Maps that are large and change everywhere are saved less often, so that saving them stays a small part of what is written.</summary>
    private void SetPace() => Volatile.Write(
        ref _intervalBlocks, Math.Clamp(LogPerMap * _maps.SavedBytes / Sizes.Block, _leastIntervalBlocks, MostIntervals * _leastIntervalBlocks));

    private void Sweep(Checkpoint captured)
    {
        var live = new LivePlaces(_segments.SegmentBlocks);
        var marker = new LiveMarker(live, ++_walks);
        foreach (var map in captured.Maps)
        {
            marker.Mark(map);
        }

        if (live.IsComplete && captured.Segment > 0)
        {
            var mark = new Mark(live, captured.Segment, captured.WrittenBlocks);
            Sweeper.Sweep(_segments, mark, () => _stopping);
            _parts.Cleaner.Marked(mark);
        }
    }
}
