using System.Diagnostics;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Makes the log's tail durable: one sync serves all who wait. On its own thread, since a sync blocks for as long as the disk likes; or
/// on the thread of one who waits and has nothing else to do, since waking two threads takes as long as a quick disk's sync.
/// </summary>
internal sealed class Flusher : IDisposable
{
    /// <summary>A disk that was slower than this last time is not waited for on a thread that has a client.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(2);

    private readonly Lock _lock = new();
    private readonly Lock _serving = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly DurableMark _mark;
    private readonly StoreFault _fault;
    private readonly ulong _opening;
    private readonly Thread _thread;
    private readonly HashSet<Segment> _dirtySegments = [];
    private readonly HashSet<VolumeState> _dirtyVolumes = [];
    private readonly List<Segment> _syncingSegments = [];
    private readonly List<(VolumeState Volume, long Number)> _syncingVolumes = [];
    private List<LogRequest> _waiting = [], _served = [];
    private long _written, _durable, _syncs;
    private bool _stopping, _awake;
    private long _tookTicks;

    public Flusher(DurableMark mark, StoreFault fault, long durableSequence, ulong opening)
    {
        (_mark, _fault, _written, _durable, _opening) = (mark, fault, durableSequence, durableSequence, opening);
        _thread = new Thread(Run) { IsBackground = true, Name = "skerry block flush" };
        _thread.Start();
    }

    /// <summary>How often the log was synced.</summary>
    public long Syncs => Volatile.Read(ref _syncs);

    /// <summary>This record and all before it are on stable storage.</summary>
    public long DurableSequence => Volatile.Read(ref _durable);

    /// <summary>The log's writer says what a record touched, before it completes anyone who waits for the record.</summary>
    public void Written(Segment segment, long sequence)
    {
        lock (_lock)
        {
            _dirtySegments.Add(segment);
            _written = sequence;
        }
    }

    public void Written(VolumeState volume)
    {
        lock (_lock)
        {
            _dirtyVolumes.Add(volume);
        }
    }

    /// <summary>The request completes when all that was written before this call is durable.</summary>
    public void Add(LogRequest request)
    {
        AddQuietly(request);
        Wake();
    }

    /// <summary>The same, once <see cref="Wake"/> or <see cref="TryServeHere"/> follows.</summary>
    public void AddQuietly(LogRequest request)
    {
        lock (_lock)
        {
            if (!_stopping)
            {
                _waiting.Add(request);
                return;
            }
        }

        request.Fail(new BlockException(BlockError.Closed, "the block store is closed"));
    }

    /// <summary>Has whoever waits served by the thread.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_awake || _stopping || _waiting.Count == 0)
            {
                return;
            }

            _awake = true;
            _wake.Release();
        }
    }

    /// <summary>Serves all who wait before it returns; false where the last sync took too long for that.</summary>
    public bool TryServeHere()
    {
        if (Stopwatch.GetElapsedTime(0, Volatile.Read(ref _tookTicks)) > Quick)
        {
            return false;
        }

        Serve();
        return true;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
        }

        // Whoever was in time is still served.
        _wake.Release();
        _thread.Join();
        lock (_serving)
        {
            // A thread that serves here has ended, and none will sync again.
        }

        _wake.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wake.Wait();
            bool last;
            lock (_lock)
            {
                _awake = false;
                last = _stopping;
            }

            Serve();
            if (last)
            {
                return;
            }
        }
    }

    private void Serve()
    {
        // Who has waited for the turn finds its request served already, or serves all that came meanwhile.
        lock (_serving)
        {
            ServeWaiting();
        }
    }

    private void ServeWaiting()
    {
        long sequence;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            (_waiting, _served) = (_served, _waiting);
            sequence = _written;
            _syncingSegments.AddRange(_dirtySegments);
            _dirtySegments.Clear();
            foreach (var volume in _dirtyVolumes)
            {
                _syncingVolumes.Add((volume, volume.LastNumber));
            }

            _dirtyVolumes.Clear();
        }

        try
        {
            _fault.ThrowIfSet();
            Sync(sequence);
            foreach (var request in _served)
            {
                request.Complete();
            }
        }
        catch (Exception e)
        {
            foreach (var request in _served)
            {
                request.Fail(e);
            }
        }
        finally
        {
            _served.Clear();
            _syncingSegments.Clear();
            _syncingVolumes.Clear();
        }
    }

    private void Sync(long sequence)
    {
        if (sequence > _durable)
        {
            try
            {
                var began = Stopwatch.GetTimestamp();
                foreach (var segment in _syncingSegments)
                {
                    segment.File.Sync();
                }

                Volatile.Write(ref _tookTicks, Stopwatch.GetTimestamp() - began);
                Volatile.Write(ref _syncs, _syncs + 1);
                _mark.Set(sequence, _opening);
            }
            catch (Exception e)
            {
                throw _fault.Set("make writes durable", e);
            }
        }

        // Before the sequence: who finds it durable finds the volume's number, too.
        foreach (var (volume, number) in _syncingVolumes)
        {
            volume.DurableNumber = number;
        }

        Volatile.Write(ref _durable, sequence);
    }
}
