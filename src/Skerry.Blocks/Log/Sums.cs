using System.Buffers.Binary;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Log;

/// <summary>
/// The checksum of each block of one file of the log, and for encrypted blocks their seal: in memory while new, and in a file beside it.
/// </summary>
internal sealed class Sums : IDisposable
{
    public const string Extension = ".sums";

    public const int SealBytes = Seal.Bytes;

    private readonly IBackingStorage _storage;
    private readonly SumsCache _cache;
    private readonly IBackingFile _segment;
    private readonly int _blocks;
    private readonly SumPages _crcs, _seals;
    private IBackingFile? _file;
    private bool _stored;

    /// <param name="stored">Whether a file of sums should exist; if it does not, it is made again from the records.</param>
    public Sums(IBackingStorage storage, SumsCache cache, ulong storeId, long fileId, IBackingFile segment, int blocks, bool stored)
    {
        (_storage, _cache, StoreId, FileId, _segment, _blocks, _stored) = (storage, cache, storeId, fileId, segment, blocks, stored);
        _crcs = new SumPages(this, cache, sizeof(uint), blocks, 0, stored);
        _seals = new SumPages(this, cache, SealBytes, blocks, (long)SumPages.PagesFor(sizeof(uint), blocks) * SumPages.PageBytes, stored);
    }

    public ulong StoreId { get; }

    public long FileId { get; }

    public bool IsDirty => _crcs.IsDirty || _seals.IsDirty;

    public static string NameOf(long fileId) => $"{fileId:d16}{Extension}";

    public static long? IdOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal) && long.TryParse(name.AsSpan(0, name.Length - Extension.Length), out var id) ? id : null;

    /// <summary>The log writer's.</summary>
    public void Set(int block, ReadOnlySpan<uint> crcs)
    {
        const int atOnce = 128;
        Span<byte> bytes = stackalloc byte[atOnce * sizeof(uint)];
        while (crcs.Length > 0)
        {
            var count = Math.Min(atOnce, crcs.Length);
            for (var i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[(i * sizeof(uint))..], crcs[i]);
            }

            _crcs.Set(block, bytes[..(count * sizeof(uint))]);
            block += count;
            crcs = crcs[count..];
        }
    }

    /// <summary>The same, from checksums in little-endian bytes.</summary>
    public void Set(int block, ReadOnlySpan<byte> crcs) => _crcs.Set(block, crcs);

    public void Read(int block, Span<uint> into)
    {
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(into);
        _crcs.Read(block, bytes);
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(into, into);
        }
    }

    /// <summary>The log writer's: one seal after the other, from this block on.</summary>
    public void SetSeals(int block, ReadOnlySpan<byte> seals) => _seals.Set(block, seals);

    public void ReadSeals(int block, Span<byte> into) => _seals.Read(block, into);

    /// <summary>Whether any block may have a seal.</summary>
    public bool HasSeals => _seals.HasPages || (_stored && (OpenFile() is not { } file || file.LengthBytes > _seals.OffsetBytes));

    /// <summary>Makes durable what is not stored yet. True when that made a file, whose name is still to be synced.</summary>
    public bool Save()
    {
        var made = false;
        if (_file is null && !(_stored && OpenFile() is not null))
        {
            _file = _storage.Create(NameOf(FileId), 0);
            _stored = made = true;
        }

        _crcs.WriteTo(_file!);
        _seals.WriteTo(_file!);
        _file!.Sync();
        _crcs.Written();
        _seals.Written();
        return made;
    }

    /// <summary>Null when there is none.</summary>
    public IBackingFile? OpenFile() =>
        _file ??= _stored && _storage.List().Contains(NameOf(FileId)) ? _storage.Open(NameOf(FileId)) : null;

    /// <summary>Fills in what the records say; what they say nothing of stays zeroes, which then fail the proof of their blocks.</summary>
    public void MakeAgain(SumPages pages, int first, Span<byte> into)
    {
        if (pages == _crcs)
        {
            RecordWalk.ReadCrcs(_segment, StoreId, FileId, _blocks, first, into);
        }
        else
        {
            RecordWalk.ReadSeals(_segment, StoreId, FileId, _blocks, first, into);
        }
    }

    public void Delete()
    {
        Dispose();
        if (_stored && _storage.List().Contains(NameOf(FileId)))
        {
            _storage.Delete(NameOf(FileId));
        }
    }

    public void Dispose()
    {
        _cache.Remove(_crcs);
        _cache.Remove(_seals);
        _file?.Dispose();
    }
}
