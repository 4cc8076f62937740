using System.Buffers.Binary;

namespace Skerry.Blocks.Log;

/// <summary>One page, as it stands in the file but for its checksum.</summary>
internal sealed class SumPage(int index)
{
    public int Index { get; } = index;

    public byte[] Bytes { get; } = new byte[SumPages.PageBytes];

    /// <summary>Changes with each change of the bytes; 0 while they are as in the file.</summary>
    public long Version { get; set; }

    /// <summary>Read since the cache last looked.</summary>
    public bool Used { get; set; }

    /// <summary>The cache's: whether it holds the page.</summary>
    public bool Cached { get; set; }
}

/// <summary>
/// Something of one size for each block of a file, in pages that carry their own checksum. One writer; readers take no lock for a page
/// that is in memory.
/// </summary>
/// <remarks>
/// An entry stands in memory before any map names its block, and in the file, durable, before a checkpoint does. A page that is not
/// in the file as it was written is made again from the records.
/// </remarks>
/// <param name="sums">The file's.</param>
/// <param name="entryBytes">Size of an entry.</param>
/// <param name="entries">How many.</param>
/// <param name="offsetBytes">Where the pages begin in the file.</param>
/// <param name="stored">Whether the file is said to hold them already.</param>
internal sealed class SumPages(Sums sums, SumsCache cache, int entryBytes, int entries, long offsetBytes, bool stored)
{
    public const int PageBytes = 4096;
    private const int CrcAt = PageBytes - sizeof(uint);
    private readonly Lock _lock = new();
    private readonly SumPage?[] _pages = new SumPage?[PagesFor(entryBytes, entries)];
    private readonly bool[] _stored = [.. Enumerable.Repeat(stored, PagesFor(entryBytes, entries))];
    private readonly int _perPage = CrcAt / entryBytes;
    private readonly List<(SumPage Page, long Version)> _writing = [];
    private int _dirty;
    private long _version;

    public long OffsetBytes => offsetBytes;

    /// <summary>True when any is in memory.</summary>
    public bool HasPages => Array.Exists(_pages, page => page is not null);

    public bool IsDirty => Volatile.Read(ref _dirty) > 0;

    public static int PagesFor(int entryBytes, int entries)
    {
        var perPage = CrcAt / entryBytes;
        return (entries + perPage - 1) / perPage;
    }

    public void Set(int first, ReadOnlySpan<byte> values)
    {
        lock (_lock)
        {
            while (values.Length > 0)
            {
                var (index, at) = (first / _perPage, first % _perPage);
                var count = Math.Min(values.Length / entryBytes, _perPage - at);
                var page = _pages[index] ?? Load(index);
                values[..(count * entryBytes)].CopyTo(page.Bytes.AsSpan(at * entryBytes));
                Changed(page);
                first += count;
                values = values[(count * entryBytes)..];
            }
        }
    }

    public void Read(int first, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var (index, at) = (first / _perPage, first % _perPage);
            var count = Math.Min(into.Length / entryBytes, _perPage - at);
            var page = Volatile.Read(ref _pages[index]) ?? LoadForReading(index);
            if (!page.Used)
            {
                page.Used = true;
            }

            page.Bytes.AsSpan(at * entryBytes, count * entryBytes).CopyTo(into);
            first += count;
            into = into[(count * entryBytes)..];
        }
    }

    /// <summary>The cache's: lets a page go, unless it holds something that is not stored.</summary>
    public bool Drop(SumPage page)
    {
        lock (_lock)
        {
            if (page.Version != 0)
            {
                return false;
            }

            Volatile.Write(ref _pages[page.Index], null);
            return true;
        }
    }

    /// <summary>Writes what is not stored yet. It counts as stored once the file is synced and <see cref="Written"/> called.</summary>
    public void WriteTo(IBackingFile file)
    {
        _writing.Clear();
        var copy = new byte[PageBytes];
        for (var index = 0; index < _pages.Length; index++)
        {
            lock (_lock)
            {
                if (_pages[index] is not { Version: not 0 } page)
                {
                    continue;
                }

                page.Bytes.CopyTo(copy, 0);
                _writing.Add((page, page.Version));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(CrcAt), CrcOf(copy, index));
            file.Write(OffsetOf(index), copy);
        }
    }

    public void Written()
    {
        foreach (var (page, version) in _writing)
        {
            lock (_lock)
            {
                _stored[page.Index] = true;
                if (page.Version == version)
                {
                    page.Version = 0;
                    Volatile.Write(ref _dirty, _dirty - 1);
                }
            }

            cache.Add(this, page);
        }

        _writing.Clear();
    }

    private SumPage LoadForReading(int index)
    {
        SumPage page;
        lock (_lock)
        {
            page = _pages[index] ?? Load(index);
        }

        cache.Add(this, page);
        return page;
    }

    /// <summary>Under the lock.</summary>
    private SumPage Load(int index)
    {
        var page = new SumPage(index);
        if (_stored[index] && !(sums.OpenFile() is { } file && ReadPage(file, page)))
        {
            Array.Clear(page.Bytes);
            var first = index * _perPage;
            sums.MakeAgain(this, first, page.Bytes.AsSpan(0, Math.Min(_perPage, entries - first) * entryBytes));
            Changed(page);
        }

        Volatile.Write(ref _pages[index], page);
        return page;
    }

    private bool ReadPage(IBackingFile file, SumPage page)
    {
        file.Read(OffsetOf(page.Index), page.Bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(page.Bytes.AsSpan(CrcAt)) == CrcOf(page.Bytes, page.Index);
    }

    private void Changed(SumPage page)
    {
        if (page.Version == 0)
        {
            Volatile.Write(ref _dirty, _dirty + 1);
        }

        page.Version = ++_version;
    }

    private long OffsetOf(int index) => offsetBytes + ((long)index * PageBytes);

    /// <summary>Over the entries and over where they belong, so that a page of another place is never taken.</summary>
    private uint CrcOf(byte[] page, int index)
    {
        Span<byte> identity = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(identity, sums.StoreId);
        BinaryPrimitives.WriteInt64LittleEndian(identity[8..], sums.FileId);
        BinaryPrimitives.WriteInt64LittleEndian(identity[16..], OffsetOf(index));
        return ~Crc32C.Append(Crc32C.Append(uint.MaxValue, identity), page.AsSpan(0, CrcAt));
    }
}
