using System.Buffers;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>A stretch of whole blocks of one write: data with its bytes, or zeroes.</summary>
/// <param name="Bytes">What is stored: encrypted when <paramref name="IsSealed"/>.</param>
/// <param name="CrcAt">Where the checksums of its blocks begin in the request's list, and their seals.</param>
/// <param name="Plain">What was written.</param>
internal readonly record struct Piece(
    long FirstBlock, long Blocks, Place Zeroes, ReadOnlyMemory<byte> Bytes, int CrcAt, ReadOnlyMemory<byte> Plain, bool IsSealed)
{
    public bool IsData => !Bytes.IsEmpty;
}

/// <summary>
/// One write on its way into the log. What concerns whole blocks (checksums, finding zeroes) is done on the caller's thread; blocks
/// that are written in part are completed by the log's writer, which alone knows what they hold at that point of the order.
/// </summary>
internal sealed class WriteRequest(RequestPool pool) : LogRequest
{
    private readonly List<Piece> _pieces = [];
    private uint[] _crcs = new uint[16];
    private int _crcCount;
    private Place _zeroes;
    private byte[]? _headBlock, _tailBlock;
    private byte[]? _encrypted;
    private byte[] _seals = [];
    private int _encryptedBytes;

    public VolumeState Volume { get; private set; } = null!;

    public long OffsetBytes { get; private set; }

    public long LengthBytes { get; private set; }

    public ReadOnlyMemory<byte> Data { get; private set; }

    public WriteKind Kind { get; private set; }

    public bool ForceUnitAccess { get; set; }

    /// <summary>Put by a catch-up: carries <see cref="Number"/> but does not move the history.</summary>
    public bool OutsideHistory { get; set; }

    /// <summary>Given by a primary, or by the log's writer.</summary>
    public long Number { get; set; }

    /// <summary>The primary's run, for writes that a replica applies.</summary>
    public RunStart? AppliedRun { get; set; }

    public long FirstBlock => OffsetBytes / Sizes.Block;

    /// <summary>One past the last block that is touched.</summary>
    public long EndBlock => Sizes.BlocksFor(OffsetBytes + LengthBytes);

    public bool HasEdges { get; private set; }

    public IReadOnlyList<Piece> Pieces => _pieces;

    public int PieceCount => _pieces.Count;

    public long DataBlocks { get; private set; }

    public int EntryBytes { get; private set; }

    public ReadOnlySpan<uint> CrcsOf(Piece piece) => _crcs.AsSpan(piece.CrcAt, (int)piece.Blocks);

    /// <summary>Of an encrypted piece, one <see cref="Seal"/> after the other.</summary>
    public ReadOnlySpan<byte> SealsOf(Piece piece) => _seals.AsSpan(piece.CrcAt * Seal.Bytes, (int)piece.Blocks * Seal.Bytes);

    public Piece PieceAt(int index) => _pieces[index];

    /// <summary>Takes the write over and prepares all blocks that it covers whole.</summary>
    /// <param name="zeroes">What blocks of a data write that are all zeroes become.</param>
    /// <param name="wholeEnd">The range stands for whole blocks up to its end, as a tap gives it: only the disk's end cut it short.</param>
    public void Prepare(
        VolumeState volume, long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, Place zeroes, bool wholeEnd)
    {
        (Volume, OffsetBytes, LengthBytes, Data, Kind, _zeroes) = (volume, offsetBytes, lengthBytes, data, kind, zeroes);
        var first = Sizes.BlocksFor(offsetBytes);
        var end = (offsetBytes + lengthBytes) / Sizes.Block;
        if (kind == WriteKind.Data)
        {
            HasEdges = lengthBytes > 0 && (offsetBytes % Sizes.Block != 0 || (offsetBytes + lengthBytes) % Sizes.Block != 0);
            if (first < end)
            {
                AddData(first, data.Slice((int)((first * Sizes.Block) - offsetBytes), (int)((end - first) * Sizes.Block)));
            }

            return;
        }

        // The block at a ragged end of the disk holds nothing else.
        if (wholeEnd || offsetBytes + lengthBytes == volume.SizeBytes)
        {
            end = EndBlock;
        }

        // A write that a primary numbered counts even where it changes nothing.
        if (first < end || wholeEnd)
        {
            Add(new Piece(first, Math.Max(0, end - first), kind == WriteKind.Zeroes ? Place.Zeroes : Place.Hole, default, 0, default, false));
        }
    }

    /// <summary>Completes the blocks that are written in part. <paramref name="read"/> fills a block as it is at this point of the order.</summary>
    public void AddEdges(Action<VolumeState, long, Memory<byte>> read)
    {
        var head = OffsetBytes / Sizes.Block;
        var tail = (OffsetBytes + LengthBytes) / Sizes.Block;
        if (OffsetBytes % Sizes.Block != 0)
        {
            AddEdge(head, _headBlock ??= new byte[Sizes.Block], read);
        }

        if ((OffsetBytes + LengthBytes) % Sizes.Block != 0 && (tail != head || OffsetBytes % Sizes.Block == 0))
        {
            AddEdge(tail, _tailBlock ??= new byte[Sizes.Block], read);
        }

        HasEdges = false;
    }

    /// <summary>Bytes of the whole blocks that were written, with holes as zeroes, from the first block on.</summary>
    public void CopyTo(Span<byte> into)
    {
        into.Clear();
        foreach (var piece in _pieces)
        {
            var at = (piece.FirstBlock - FirstBlock) * Sizes.Block;
            if (piece.IsData && at < into.Length)
            {
                var part = into[(int)at..];
                piece.Plain.Span[..Math.Min(piece.Plain.Length, part.Length)].CopyTo(part);
            }
        }
    }

    /// <summary>Gives up a request that was never submitted.</summary>
    public void Discard() => Taken();

    protected override void Taken()
    {
        _pieces.Clear();
        if (_encrypted is not null)
        {
            ArrayPool<byte>.Shared.Return(_encrypted);
            (_encrypted, _encryptedBytes) = (null, 0);
        }

        (_crcCount, DataBlocks, EntryBytes, HasEdges) = (0, 0, 0, false);
        (Data, Volume, Number, AppliedRun, ForceUnitAccess, OutsideHistory) = (default, null!, 0, null, false, false);
        pool.Return(this);
    }

    private void AddEdge(long block, byte[] buffer, Action<VolumeState, long, Memory<byte>> read)
    {
        read(Volume, block, buffer);
        var start = block * Sizes.Block;
        var from = Math.Max(start, OffsetBytes);
        var to = Math.Min(start + Sizes.Block, OffsetBytes + LengthBytes);
        Data.Span.Slice((int)(from - OffsetBytes), (int)(to - from)).CopyTo(buffer.AsSpan((int)(from - start)));
        AddData(block, buffer);
    }

    private void AddData(long first, ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        var blocks = bytes.Length / Sizes.Block;
        var start = 0;
        var startIsZero = IsZero(span[..Sizes.Block]);
        for (var i = 1; i <= blocks; i++)
        {
            var zero = i < blocks && IsZero(span.Slice(i * Sizes.Block, Sizes.Block));
            if (i < blocks && zero == startIsZero)
            {
                continue;
            }

            var plain = bytes[(start * Sizes.Block)..(i * Sizes.Block)];
            if (startIsZero)
            {
                Add(new Piece(first + start, i - start, _zeroes, default, 0, default, false));
            }
            else if (Volume.Cipher is { } cipher)
            {
                var stored = Encrypt(cipher, first + start, plain.Span);
                Add(new Piece(first + start, i - start, default, stored, AddCrcs(stored.Span), plain, true));
            }
            else
            {
                Add(new Piece(first + start, i - start, default, plain, AddCrcs(plain.Span), plain, false));
            }

            (start, startIsZero) = (i, zero);
        }
    }

    private static bool IsZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    private ReadOnlyMemory<byte> Encrypt(VolumeCipher cipher, long first, ReadOnlySpan<byte> plain)
    {
        var blocks = (int)(EndBlock - FirstBlock);
        _encrypted ??= ArrayPool<byte>.Shared.Rent(blocks * Sizes.Block);
        if (_seals.Length < blocks * Seal.Bytes)
        {
            // Pieces that are there already keep theirs: only the first one comes here.
            _seals = new byte[blocks * Seal.Bytes];
        }

        var stored = _encrypted.AsMemory(_encryptedBytes, plain.Length);
        cipher.Encrypt(first, plain, stored.Span, _seals.AsSpan(_encryptedBytes / Sizes.Block * Seal.Bytes));
        _encryptedBytes += plain.Length;
        return stored;
    }

    private int AddCrcs(ReadOnlySpan<byte> bytes)
    {
        var at = _crcCount;
        var blocks = bytes.Length / Sizes.Block;
        if (_crcCount + blocks > _crcs.Length)
        {
            Array.Resize(ref _crcs, Math.Max(_crcs.Length * 2, _crcCount + blocks));
        }

        for (var i = 0; i < blocks; i++)
        {
            _crcs[_crcCount++] = Crc32C.Of(bytes.Slice(i * Sizes.Block, Sizes.Block));
        }

        return at;
    }

    private void Add(Piece piece)
    {
        _pieces.Add(piece);
        DataBlocks += piece.IsData ? piece.Blocks : 0;
        EntryBytes += EntryCodec.BytesFor(piece);
    }
}
