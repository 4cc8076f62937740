using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Saves the maps beside I/O, and gives back what nothing uses any more. The order is what makes it safe: the log is durable before a
/// checkpoint points into it, and the checkpoint is durable before a segment is given back that an opening would have read again.
/// </summary>
/// <remarks>
/// What is in use is asked of the maps in memory, and needs them durable only through the log: an opening loads the saved maps, whose
/// places may be gone already, and the log from there on replaces each of those before anyone looks. So dead space is found as often
/// as is worth the walk, and maps are saved as seldom as the time to open allows.
/// </remarks>
internal sealed class Checkpointer
{
    /// <summary>At a checkpoint dead space is searched for once an eighth of what is stored has been written since the last time.</summary>
    private const int WrittenPerStored = 8;

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
    private long _savedSequence, _savedSegment, _savedBlocks;
    private long _markedSequence = -1;
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
        (_savedSequence, _savedSegment) = loaded.IsOutdated ? (-1, 0) : (loaded.Sequence, loaded.Segment);
        _intervalBlocks = _leastIntervalBlocks = leastIntervalBytes / Sizes.Block;
        parts.Writer.Reclaim = ReclaimNow;
    }

    /// <summary>Blocks that this opening had written when the saved maps were captured.</summary>
    public long SavedBlocks => Volatile.Read(ref _savedBlocks);

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
        try
        {
            await DurablyAsync(() => captured = Capture());
            Save(captured!, reclaim);
        }
        finally
        {
            captured?.Release();
        }
    }

    /// <summary>Finds out what is in use as of now and gives the rest back, as far as the saved maps allow, without saving any.</summary>
    public async ValueTask MarkAsync()
    {
        Checkpoint? captured = null;
        try
        {
            await DurablyAsync(() => captured = Checkpoint.Capture(_state, _parts.Writer.Position, _segments.NextId, []));
            lock (_saving)
            {
                Sweep(captured!, all: false);
            }
        }
        catch (IOException e)
        {
            throw new BlockException(BlockError.Io, $"the block store {_storage.Name} could not give dead space back: {e.Message}", e);
        }
        finally
        {
            captured?.Release();
        }
    }

    /// <summary>Carries this out between two records; the log up to there is on stable storage when the task completes.</summary>
    private async ValueTask DurablyAsync(Action capture)
    {
        var request = new ChangeRequest(null, () => null, capture, durable: true, mayUseReserve: true);
        var task = request.Task;
        _parts.Writer.Submit(request);
        await task;
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
                    try
                    {
                        SaveMaps(captured);
                    }
                    catch (IOException)
                    {
                        // The disk itself may be full: a file that was held for later can spare some room. Not asked in a filter, which runs
                        // before whoever failed has let its locks go.
                        if (!_segments.GiveUpSpare())
                        {
                            throw;
                        }

                        SaveMaps(captured);
                    }

                    Volatile.Write(ref _savedSequence, captured.Sequence);
                    Volatile.Write(ref _savedBlocks, captured.WrittenBlocks);
                    _savedSegment = captured.Segment;
                    SetPace();
                }

                if (captured.Sequence == _savedSequence
                    && (reclaim || captured.WrittenBlocks - _markedBlocks >= _segments.AllocatedBytes / Sizes.Block / WrittenPerStored))
                {
                    Sweep(captured, all: reclaim);
                }
            }
            catch (IOException e)
            {
                // Nothing is lost: the checkpoint before is still there, with all that it needs of the log.
                throw new BlockException(BlockError.Io, $"the block store {_storage.Name} could not save its maps: {e.Message}", e);
            }
        }
    }

    private void SaveMaps(Checkpoint captured)
    {
        _segments.SaveSums();
        captured.Save(_storage, _storeId, _maps);
    }

    /// <summary>Maps that are large and change everywhere are saved less often, so that saving them stays a small part of what is written.</summary>
    private void SetPace() => Volatile.Write(
        ref _intervalBlocks, Math.Clamp(LogPerMap * _maps.SavedBytes / Sizes.Block, _leastIntervalBlocks, MostIntervals * _leastIntervalBlocks));

    /// <summary>The log up to the capture is durable. An older one than the last knows less, and would find blocks in use that were given back.</summary>
    private void Sweep(Checkpoint captured, bool all)
    {
        if (captured.Sequence < _markedSequence)
        {
            return;
        }

        (_markedSequence, _markedBlocks) = (captured.Sequence, captured.WrittenBlocks);
        var live = new LivePlaces(_segments.SegmentBlocks);
        var marker = new LiveMarker(live, ++_walks);
        foreach (var map in captured.Maps)
        {
            marker.Mark(map);
        }

        // What was written after the capture is not in it, though a checkpoint may have covered it meanwhile.
        var endSegment = Math.Min(_savedSegment, captured.Segment);
        if (live.IsComplete && endSegment > 0)
        {
            var mark = new Mark(live, endSegment, captured.WrittenBlocks);

            // What the log takes until the next mark, which comes with a checkpoint.
            _segments.KeepSpares((Volatile.Read(ref _intervalBlocks) * Sizes.Block) + (_segments.AllocatedBytes / WrittenPerStored));
            Sweeper.Sweep(_segments, mark, all, () => _stopping);
            _parts.Cleaner.Marked(mark);
        }
    }
}
