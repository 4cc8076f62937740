using Microsoft.Win32.SafeHandles;
using Skerry.Blocks.Log;

namespace Skerry.Blocks.Integrity;

/// <summary>
/// A store's directory that is only read. What the store would write stays in memory and is dropped, so a store can be opened as it is
/// found, killed or damaged, and is found the same afterwards.
/// </summary>
internal sealed class ReadOnlyDirectory : IBackingStorage
{
    private readonly FileStream? _lock;
    private readonly Dictionary<string, DroppedFile> _written = new(StringComparer.Ordinal);
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);
    private readonly Lock _names = new();

    /// <exception cref="BlockException">
    /// <see cref="BlockError.NotFound"/> when there is no such directory, <see cref="BlockError.Refused"/> when a process has the store open for writing.
    /// </exception>
    public ReadOnlyDirectory(string directory)
    {
        Name = Path.GetFullPath(directory);
        if (!Directory.Exists(Name))
        {
            throw new BlockException(BlockError.NotFound, $"there is no directory {Name}");
        }

        try
        {
            // Shared: several may read at once, and nobody opens the store for writing meanwhile.
            _lock = new FileStream(Path.Combine(Name, DirectoryStorage.LockName), FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (FileNotFoundException)
        {
            // Copied without it, or on its way here: there is nobody to keep out.
        }
        catch (IOException e)
        {
            throw new BlockException(BlockError.Refused, $"the block store {Name} is in use by another process. Stop that one first, or ask it to check its volumes", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BlockException(BlockError.Io, $"the block store {Name} cannot be read: {e.Message}. Run this as its owner", e);
        }
    }

    public string Name { get; }

    public IReadOnlyList<string> List()
    {
        lock (_names)
        {
            return
            [
                .. Directory.EnumerateFiles(Name).Select(path => Path.GetFileName(path)!)
                    .Where(name => name != DirectoryStorage.LockName && !_gone.Contains(name)).Union(_written.Keys),
            ];
        }
    }

    public IBackingFile Open(string name)
    {
        lock (_names)
        {
            return _written.TryGetValue(name, out var written) ? written : new DroppedFile(File.OpenHandle(Path.Combine(Name, name), share: FileShare.ReadWrite));
        }
    }

    public IBackingFile Create(string name, long sizeBytes)
    {
        lock (_names)
        {
            _gone.Remove(name);
            return _written[name] = new DroppedFile(null);
        }
    }

    public void Rename(string from, string to)
    {
        var file = (DroppedFile)Open(from);
        lock (_names)
        {
            _written.Remove(from);
            _gone.Add(from);
            _written[to] = file;
        }
    }

    public void Delete(string name)
    {
        lock (_names)
        {
            _written.Remove(name);
            _gone.Add(name);
        }
    }

    public void SyncNames()
    {
    }

    public (long TotalBytes, long FreeBytes) Space()
    {
        var drive = new DriveInfo(Name);
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>A file, or nothing, below what was written to it in memory.</summary>
    private sealed class DroppedFile(SafeFileHandle? below) : IBackingFile
    {
        private readonly Dictionary<long, byte[]> _pages = [];
        private readonly Lock _lock = new();
        private long _writtenTo;

        public long LengthBytes
        {
            get
            {
                lock (_lock)
                {
                    return Math.Max(_writtenTo, below is null ? 0 : RandomAccess.GetLength(below));
                }
            }
        }

        public void Read(long offsetBytes, Span<byte> into)
        {
            ReadBelow(offsetBytes, into);
            lock (_lock)
            {
                for (var at = 0; _pages.Count > 0 && at < into.Length;)
                {
                    var (page, inPage) = Math.DivRem(offsetBytes + at, Sizes.Block);
                    var count = (int)Math.Min(into.Length - at, Sizes.Block - inPage);
                    if (_pages.TryGetValue(page, out var bytes))
                    {
                        bytes.AsSpan((int)inPage, count).CopyTo(into[at..]);
                    }

                    at += count;
                }
            }
        }

        public void Write(long offsetBytes, ReadOnlyMemory<byte> bytes)
        {
            lock (_lock)
            {
                for (var at = 0; at < bytes.Length;)
                {
                    var (page, inPage) = Math.DivRem(offsetBytes + at, Sizes.Block);
                    var count = (int)Math.Min(bytes.Length - at, Sizes.Block - inPage);
                    if (!_pages.TryGetValue(page, out var into))
                    {
                        _pages[page] = into = new byte[Sizes.Block];
                        ReadBelow(page * Sizes.Block, into);
                    }

                    bytes.Span.Slice(at, count).CopyTo(into.AsSpan((int)inPage));
                    at += count;
                }

                _writtenTo = Math.Max(_writtenTo, offsetBytes + bytes.Length);
            }
        }

        public void Write(long offsetBytes, IReadOnlyList<ReadOnlyMemory<byte>> parts)
        {
            foreach (var part in parts)
            {
                Write(offsetBytes, part);
                offsetBytes += part.Length;
            }
        }

        public void Sync()
        {
        }

        public void Allocate(long sizeBytes)
        {
        }

        public bool Punch(long offsetBytes, long lengthBytes) => false;

        // What was made in memory is opened by name again; only a handle of the host has to be given back.
        public void Dispose() => below?.Dispose();

        private void ReadBelow(long offsetBytes, Span<byte> into)
        {
            while (into.Length > 0)
            {
                var count = below is null ? 0 : RandomAccess.Read(below, into, offsetBytes);
                if (count == 0)
                {
                    into.Clear();
                    return;
                }

                into = into[count..];
                offsetBytes += count;
            }
        }
    }
}
