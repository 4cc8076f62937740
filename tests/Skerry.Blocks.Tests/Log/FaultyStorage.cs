using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>
/// Files in memory that remember what was not synced. At a chosen moment it takes an image of what a power cut could leave: of the
/// names and of each 512-byte sector that changed since the last sync, any version from the synced one on.
/// </summary>
internal sealed class FaultyStorage : IBackingStorage
{
    private const int Sector = 512;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Content> _names = [];
    private readonly Dictionary<string, Content> _durableNames = [];
    private readonly List<(string Name, Content? Content)> _pendingNames = [];
    private Random? _crashChance;
    private long _events, _crashAt = long.MaxValue;

    public string Name => "memory";

    /// <summary>What the power cut left, once it happened.</summary>
    public FaultyStorage? AfterCrash { get; private set; }

    /// <summary>From now on every sync fails, as a dying disk does.</summary>
    public bool SyncsFail { get; set; }

    /// <summary>Room that is left for new files, in bytes.</summary>
    public long FreeBytes { get; set; } = 1L << 40;

    public void CrashAfter(int events, Random chance)
    {
        lock (_lock)
        {
            (_crashAt, _crashChance) = (_events + events, chance);
        }
    }

    /// <summary>The power goes now.</summary>
    public FaultyStorage Crash(Random chance)
    {
        lock (_lock)
        {
            var image = new FaultyStorage { FreeBytes = FreeBytes };
            var names = new Dictionary<string, Content>(_durableNames);
            var all = chance.Next(4);
            foreach (var (name, content) in _pendingNames)
            {
                if (all == 0 || (all != 1 && chance.Next(2) == 0))
                {
                    SetName(names, name, content);
                }
            }

            var copies = new Dictionary<Content, Content>();
            foreach (var (name, content) in names)
            {
                if (!copies.TryGetValue(content, out var copy))
                {
                    copies[content] = copy = content.AfterCrash(chance);
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
            NameNow(name, content);
            return new OpenFile(this, content);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Event();
            var content = _names[from];
            NameNow(from, null);
            NameNow(to, content);
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            Event();
            FreeBytes += _names[name].Current.Length;
            NameNow(name, null);
        }
    }

    public void SyncNames()
    {
        lock (_lock)
        {
            Event();
            foreach (var (name, content) in _pendingNames)
            {
                SetName(_durableNames, name, content);
            }

            _pendingNames.Clear();
        }
    }

    public (long TotalBytes, long FreeBytes) Space() => (1L << 40, FreeBytes);

    public void Dispose()
    {
    }

    private static void SetName(Dictionary<string, Content> names, string name, Content? content)
    {
        if (content is null)
        {
            names.Remove(name);
        }
        else
        {
            names[name] = content;
        }
    }

    private void NameNow(string name, Content? content)
    {
        SetName(_names, name, content);
        _pendingNames.Add((name, content));
    }

    /// <summary>Before each change of names or bytes, and before each sync: the power may go right here.</summary>
    private void Event()
    {
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

        public Content AfterCrash(Random chance)
        {
            var bytes = (byte[])_durable.Clone();
            var kept = chance.Next(5) switch
            {
                0 => 0,
                1 => 100,
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
                storage.Event();
                content.Write(offsetBytes, bytes.Span);
            }
        }

        public void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
        {
            lock (storage._lock)
            {
                storage.Event();
                foreach (var part in parts)
                {
                    content.Write(offsetBytes, part.Span);
                    offsetBytes += part.Length;
                }
            }
        }

        public void Sync()
        {
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
