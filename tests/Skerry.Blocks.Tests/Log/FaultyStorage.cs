using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>What a power cut leaves of what was not synced.</summary>
internal enum Unsynced
{
    /// <summary>Nothing.</summary>
    Lost = 0,

    /// <summary>All of it, as a kill does.</summary>
    Kept = 1,

    /// <summary>By chance: of each name and each sector any version since the last sync.</summary>
    Any = -1,
}

/// <summary>
/// Files in memory that remember what was not synced. At a chosen moment it takes an image of what a power cut could leave: of the
/// names and of each 512-byte sector that changed since the last sync, any version from the synced one on. A rename happens wholly or
/// not at all, and the names of one file change in their order; those of different files in any.
/// </summary>
internal sealed class FaultyStorage : IBackingStorage
{
    private const int Sector = 512;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Content> _names = [];
    private readonly Dictionary<string, Content> _durableNames = [];
    private readonly List<(Content Content, string? From, string? To)> _pendingNames = [];
    private Random? _crashChance;
    private long _events, _crashAt = long.MaxValue;

    public string Name => "memory";

    /// <summary>What the power cut left, once it happened.</summary>
    public FaultyStorage? AfterCrash { get; private set; }

    /// <summary>Called before each change of names or bytes, and before each sync, with no other of them under way.</summary>
    public Action? Boundary { get; set; }

    private int _syncs;

    /// <summary>From now on every sync of a file fails, as a dying disk does.</summary>
    public bool SyncsFail { get; set; }

    /// <summary>How many files were synced.</summary>
    public int Syncs => Volatile.Read(ref _syncs);

    /// <summary>From now on every write fails, and leaves nothing.</summary>
    public bool WritesFail { get; set; }

    /// <summary>Room that is left for files to be made or to grow, in bytes.</summary>
    public long FreeBytes { get; set; } = 1L << 40;

    /// <summary>Others take room, all but so much of it; answers how much they took.</summary>
    public long TakeRoom(long leftBytes)
    {
        lock (_lock)
        {
            var taken = Math.Max(0, FreeBytes - leftBytes);
            FreeBytes -= taken;
            return taken;
        }
    }

    public void GiveRoomBack(long bytes)
    {
        lock (_lock)
        {
            FreeBytes += bytes;
        }
    }

    public void CrashAfter(int events, Random chance)
    {
        lock (_lock)
        {
            (_crashAt, _crashChance) = (_events + events, chance);
        }
    }

    /// <summary>The power goes now.</summary>
    public FaultyStorage Crash(Random chance, Unsynced unsynced = Unsynced.Any)
    {
        lock (_lock)
        {
            var image = new FaultyStorage { FreeBytes = FreeBytes };
            var names = new Dictionary<string, Content>(_durableNames);
            var all = unsynced == Unsynced.Any ? chance.Next(4) : unsynced == Unsynced.Kept ? 0 : 1;
            var stuck = new HashSet<Content>();
            foreach (var (content, from, to) in _pendingNames)
            {
                if (!stuck.Contains(content) && (all == 0 || (all != 1 && chance.Next(2) == 0)))
                {
                    SetNames(names, content, from, to);
                }
                else
                {
                    stuck.Add(content);
                }
            }

            var copies = new Dictionary<Content, Content>();
            foreach (var (name, content) in names)
            {
                if (!copies.TryGetValue(content, out var copy))
                {
                    copies[content] = copy = content.AfterCrash(chance, unsynced);
                }

                image._names[name] = copy;
                image._durableNames[name] = copy;
            }

            return image;
        }
    }

    /// <summary>The process dies, the machine stays: nothing is lost.</summary>
    public FaultyStorage Kill()
    {
        lock (_lock)
        {
            var image = new FaultyStorage { FreeBytes = FreeBytes };
            foreach (var (name, content) in _names)
            {
                image._names[name] = image._durableNames[name] = content.Copy();
            }

            return image;
        }
    }

    public byte[] Bytes(string name) => _names[name].Current;

    public IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            return [.. _names.Keys];
        }
    }

    public IBackingFile Open(string name)
    {
        lock (_lock)
        {
            return new OpenFile(this, _names[name]);
        }
    }

    public IBackingFile Create(string name, long sizeBytes)
    {
        lock (_lock)
        {
            Event();
            if (sizeBytes > FreeBytes)
            {
                throw new BackingFullException("the test's disk is full");
            }

            FreeBytes -= sizeBytes;
            var content = new Content(sizeBytes);
            NameNow(content, null, name);
            return new OpenFile(this, content);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Event();
            NameNow(_names[from], from, to);
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            Event();
            FreeBytes += _names[name].Current.Length;
            NameNow(_names[name], name, null);
        }
    }

    public void SyncNames()
    {
        lock (_lock)
        {
            Event();
            foreach (var (content, from, to) in _pendingNames)
            {
                SetNames(_durableNames, content, from, to);
            }

            _pendingNames.Clear();
        }
    }

    public (long TotalBytes, long FreeBytes) Space() => (1L << 40, FreeBytes);

    public void Dispose()
    {
    }

    private static void SetNames(Dictionary<string, Content> names, Content content, string? from, string? to)
    {
        if (from is not null && names.GetValueOrDefault(from) == content)
        {
            names.Remove(from);
        }

        if (to is not null)
        {
            names[to] = content;
        }
    }

    private void NameNow(Content content, string? from, string? to)
    {
        SetNames(_names, content, from, to);
        _pendingNames.Add((content, from, to));
    }

    private void BeforeWrite(Content content, long toBytes)
    {
        Event();
        if (WritesFail)
        {
            throw new IOException("the test's disk fails to write");
        }

        var more = toBytes - content.Current.Length;
        if (more > FreeBytes)
        {
            throw new BackingFullException("the test's disk is full");
        }

        FreeBytes -= Math.Max(0, more);
    }

    /// <summary>Before each change of names or bytes, and before each sync: the power may go right here.</summary>
    private void Event()
    {
        Boundary?.Invoke();
        if (++_events >= _crashAt && AfterCrash is null)
        {
            AfterCrash = Crash(_crashChance!);
        }
    }

    private sealed class Content(long sizeBytes)
    {
        private readonly List<(long Offset, byte[] Bytes)> _pending = [];
        private byte[] _durable = new byte[sizeBytes];

        public byte[] Current { get; private set; } = new byte[sizeBytes];

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Current = Put(Current, offset, bytes);
            _pending.Add((offset, bytes.ToArray()));
        }

        public void Sync()
        {
            foreach (var (offset, bytes) in _pending)
            {
                _durable = Put(_durable, offset, bytes);
            }

            _pending.Clear();
        }

        public Content Copy() => new(0) { Current = [.. Current], _durable = [.. Current] };

        public Content AfterCrash(Random chance, Unsynced unsynced)
        {
            var bytes = (byte[])_durable.Clone();
            var kept = (unsynced == Unsynced.Any ? chance.Next(5) : (int)unsynced) switch
            {
                (int)Unsynced.Lost => 0,
                (int)Unsynced.Kept => 100,
                2 => 95,
                _ => chance.Next(100),
            };
            foreach (var (offset, written) in _pending)
            {
                for (var at = 0; at < written.Length;)
                {
                    var count = (int)Math.Min(Sector - ((offset + at) % Sector), written.Length - at);
                    if (chance.Next(100) < kept)
                    {
                        bytes = Put(bytes, offset + at, written.AsSpan(at, count));
                    }

                    at += count;
                }
            }

            return new Content(0) { Current = bytes, _durable = (byte[])bytes.Clone() };
        }

        private static byte[] Put(byte[] into, long offset, ReadOnlySpan<byte> bytes)
        {
            if (offset + bytes.Length > into.Length)
            {
                Array.Resize(ref into, (int)offset + bytes.Length);
            }

            bytes.CopyTo(into.AsSpan((int)offset));
            return into;
        }
    }

    private sealed class OpenFile(FaultyStorage storage, Content content) : IBackingFile
    {
        public long LengthBytes => content.Current.Length;

        public void Read(long offsetBytes, Span<byte> into)
        {
            lock (storage._lock)
            {
                into.Clear();
                var bytes = content.Current;
                if (offsetBytes < bytes.Length)
                {
                    var count = (int)Math.Min(into.Length, bytes.Length - offsetBytes);
                    bytes.AsSpan((int)offsetBytes, count).CopyTo(into);
                }
            }
        }

        public void Write(long offsetBytes, ReadOnlyMemory<byte> bytes)
        {
            lock (storage._lock)
            {
                storage.BeforeWrite(content, offsetBytes + bytes.Length);
                content.Write(offsetBytes, bytes.Span);
            }
        }

        public void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
        {
            lock (storage._lock)
            {
                storage.BeforeWrite(content, offsetBytes + parts.Sum(part => (long)part.Length));
                foreach (var part in parts)
                {
                    content.Write(offsetBytes, part.Span);
                    offsetBytes += part.Length;
                }
            }
        }

        public void Sync()
        {
            Interlocked.Increment(ref storage._syncs);
            lock (storage._lock)
            {
                storage.Event();
                if (storage.SyncsFail)
                {
                    throw new IOException("the test's disk fails to sync");
                }

                content.Sync();
            }
        }

        public void Allocate(long sizeBytes)
        {
        }

        public bool Punch(long offsetBytes, long lengthBytes)
        {
            lock (storage._lock)
            {
                storage.Event();
                content.Write(offsetBytes, new byte[lengthBytes]);
                return true;
            }
        }

        public void Dispose()
        {
        }
    }
}
