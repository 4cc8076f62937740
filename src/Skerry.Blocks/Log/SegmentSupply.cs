namespace Skerry.Blocks.Log;

/// <summary>Who asks for room: each may go further into the reserve than the one before.</summary>
internal enum RoomFor
{
    Data,

    /// <summary>Needs little, and makes room.</summary>
    Trim,

    /// <summary>Gives back more than it takes, if only it can begin: with a file for the pack, and one for the log to name it.</summary>
    Cleaning,

    /// <summary>Deletes and other small changes.</summary>
    Change,
}

/// <summary>
/// Files for the log, ready before they are needed: freed ones first, the latest freed before all others, since their pages are still
/// in memory and their blocks allocated. So the writer waits neither for a new file nor for a directory.
/// </summary>
/// <remarks>
/// A recycled file keeps its old bytes. They are never taken for records: each names the segment that it was written for, and those
/// numbers are used once. A file is given here only when nothing needs what is in it, not even after a crash.
/// </remarks>
/// <param name="storage">The store's files.</param>
/// <param name="segmentBytes">Size of each.</param>
/// <param name="mostSpares">More are deleted, until <see cref="MostSpares"/> is set.</param>
internal sealed class SegmentSupply(IBackingStorage storage, int segmentBytes, int mostSpares) : IDisposable
{
    public const string SpareExtension = ".spare";
    private readonly Lock _lock = new();
    private readonly List<(string Name, IBackingFile File, bool Holes)> _spares = [];
    private readonly SemaphoreSlim _asked = new(0);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private (long Id, IBackingFile File, bool IsFresh)? _ready;
    private long _nextId = 1;
    private bool _running;

    public long NextId
    {
        get => Volatile.Read(ref _nextId);
        set => Volatile.Write(ref _nextId, value);
    }

    /// <summary>Files that are allocated, and hold nothing.</summary>
    public int Held { get; private set; }

    /// <summary>Files that the writer had to wait for.</summary>
    public long TakenLate { get; private set; }

    /// <summary>Freed files beyond so many are deleted: as many as the log takes until the next are freed, and no more.</summary>
    public int MostSpares { get; set; } = mostSpares;

    /// <summary>Tells whether another file may be made, beyond those that are held.</summary>
    public Func<bool> MayGrow { get; set; } = () => true;

    /// <summary>
    /// Takes over spare files that an earlier opening left. Their numbers are used up: a file made under one of them would take its
    /// name when it comes back, and there would be two spares of one name.
    /// </summary>
    public void Load(IReadOnlyList<string> names)
    {
        foreach (var name in names.Where(name => name.EndsWith(SpareExtension, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(name), out var id))
            {
                NextId = Math.Max(NextId, id + 1);
            }

            if (_spares.Count < MostSpares)
            {
                _spares.Add((name, storage.Open(name), true));
                Held++;
            }
            else
            {
                storage.Delete(name);
            }
        }
    }

    public void Start()
    {
        _running = true;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>The writer will soon need another file.</summary>
    public void Ask()
    {
        if (_running)
        {
            _asked.Release();
        }
    }

    /// <summary>The next segment's number and file, durable as a name. Null when there is no room.</summary>
    public (long Id, IBackingFile File, bool IsFresh)? Take()
    {
        lock (_lock)
        {
            if (_ready is { } ready)
            {
                _ready = null;
                Held--;
                return ready;
            }

            TakenLate++;
            return Make(Segment.Extension);
        }
    }

    /// <summary>A file for something else than the log.</summary>
    public (long Id, IBackingFile File, bool IsFresh)? Take(string extension)
    {
        lock (_lock)
        {
            return Make(extension);
        }
    }

    /// <summary>Takes a file back. Whatever is in it may be overwritten from now on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="file">The file.</param>
    /// <param name="holes">Whether it has blocks that were never written, or whose room was given back.</param>
    public void Give(string name, IBackingFile file, bool holes)
    {
        lock (_lock)
        {
            if (_spares.Count < MostSpares && file.LengthBytes == segmentBytes)
            {
                var spare = Path.ChangeExtension(name, SpareExtension);
                storage.Rename(name, spare);
                _spares.Add((spare, file, holes));
                Held++;
                return;
            }
        }

        file.Dispose();
        storage.Delete(name);
    }

    /// <summary>Gives the room of a file back that is held for later. False when none is.</summary>
    public bool Shrink()
    {
        lock (_lock)
        {
            if (_spares.Count == 0)
            {
                return false;
            }

            var (name, file, _) = _spares[0];
            _spares.RemoveAt(0);
            Held--;
            file.Dispose();
            storage.Delete(name);
            return true;
        }
    }

    public async ValueTask StopAsync()
    {
        _running = false;
        await _stop.CancelAsync();
        await _loop;
        lock (_lock)
        {
            if (_ready is { } ready)
            {
                // Its number is used up; the next opening takes the file as a spare.
                _ready = null;
                Held--;
                try
                {
                    Give(Segment.NameOf(ready.Id), ready.File, ready.IsFresh);
                }
                catch (IOException)
                {
                    // Found at the next opening as a segment without records, and taken over then.
                    ready.File.Dispose();
                }
            }
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        foreach (var (_, file, _) in _spares)
        {
            file.Dispose();
        }

        _ready?.File.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _asked.WaitAsync(_stop.Token);
                try
                {
                    Prepare();
                }
                catch (IOException)
                {
                    // Whoever needs the file tries again, and is told.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Prepare()
    {
        lock (_lock)
        {
            if (_ready is null && Make(Segment.Extension) is { } made)
            {
                _ready = made;
                Held++;
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private (long Id, IBackingFile File, bool IsFresh)? Make(string extension)
    {
        var id = _nextId;
        var name = $"{id:d16}{extension}";
        try
        {
            IBackingFile file;
            var fresh = false;
            if (_spares.Count > 0)
            {
                var (spare, found, holes) = _spares[^1];
                if (holes)
                {
                    found.Allocate(segmentBytes);
                }

                storage.Rename(spare, name);
                fresh = holes;
                _spares.RemoveAt(_spares.Count - 1);
                Held--;
                file = found;
            }
            else if (extension != Segment.Extension && _ready is { } ready)
            {
                // Room for another one is not sure; the log can have it made again.
                storage.Rename(Segment.NameOf(ready.Id), name);
                _ready = null;
                Held--;
                (file, fresh) = (ready.File, ready.IsFresh);
            }
            else if (MayGrow())
            {
                (file, fresh) = (storage.Create(name, segmentBytes), true);
            }
            else
            {
                return null;
            }

            storage.SyncNames();
            NextId = id + 1;
            return (id, file, fresh);
        }
        catch (BackingFullException)
        {
            return null;
        }
    }
}
