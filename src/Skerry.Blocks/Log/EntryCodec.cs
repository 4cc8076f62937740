using System.Buffers.Binary;
using Skerry.Blocks.Encryption;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>What an entry of a record does.</summary>
internal enum EntryKind : byte
{
    Data = 1,
    Zeroes = 2,
    Change = 3,
}

/// <summary>One entry as it is read back from a record.</summary>
/// <param name="crcs">Little-endian checksums of the blocks of a data entry.</param>
/// <param name="seals">Of encrypted data: the salt, the first block's counter, and the blocks' tags.</param>
/// <param name="body">The bytes of a change.</param>
internal readonly ref struct Entry(
    EntryKind kind, bool outsideHistory, Place zeroes, uint volume, long number, long firstBlock, long blocks, ReadOnlySpan<byte> crcs,
    ReadOnlySpan<byte> seals, ReadOnlySpan<byte> body)
{
    public EntryKind Kind { get; } = kind;

    public bool OutsideHistory { get; } = outsideHistory;

    public Place Zeroes { get; } = zeroes;

    public uint Volume { get; } = volume;

    public long Number { get; } = number;

    public long FirstBlock { get; } = firstBlock;

    public long Blocks { get; } = blocks;

    public ReadOnlySpan<byte> Crcs { get; } = crcs;

    public ReadOnlySpan<byte> Body { get; } = body;

    public bool IsSealed => !Seals.IsEmpty;

    private ReadOnlySpan<byte> Seals { get; } = seals;

    /// <summary>Writes the seals of blocks from <paramref name="first"/> on.</summary>
    public void CopySeals(int first, Span<byte> into)
    {
        var (salt, counter) = (Seal.SaltOf(Seals), Seal.CounterOf(Seals));
        for (var i = 0; i < into.Length / Seal.Bytes; i++)
        {
            var seal = into.Slice(i * Seal.Bytes, Seal.Bytes);
            Seal.Write(seal, salt, unchecked(counter + (uint)(first + i)));
            Seals.Slice(Seal.TagAt + ((first + i) * Seal.TagBytes), Seal.TagBytes).CopyTo(Seal.TagOf(seal));
        }
    }

    public uint CrcAt(int index) => BinaryPrimitives.ReadUInt32LittleEndian(Crcs[(index * sizeof(uint))..]);
}

/// <summary>The bytes of a record's entries, as docs/formats/volume.md has them.</summary>
internal static class EntryCodec
{
    private const int DataFixed = 28, ZeroesFixed = 32, ChangeFixed = 8;
    private const byte OutsideHistory = 1, KeepAllocated = 2, Sealed = 4;

    public static int BytesFor(Piece piece) => !piece.IsData ? ZeroesFixed
        : DataFixed + (checked((int)piece.Blocks) * sizeof(uint)) + (piece.IsSealed ? SealedBytes((int)piece.Blocks) : 0);

    public static int BytesFor(byte[] change) => ChangeFixed + change.Length;

    public static int Write(Span<byte> into, WriteRequest write, Piece piece)
    {
        into[0] = (byte)(piece.IsData ? EntryKind.Data : EntryKind.Zeroes);
        into[1] = (byte)((piece.IsSealed ? Sealed : 0) | (write.OutsideHistory ? OutsideHistory : 0) | (!piece.IsData && piece.Zeroes == Place.Zeroes ? KeepAllocated : 0));
        into[2] = into[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], write.Volume.Ordinal);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], write.Number);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], piece.FirstBlock);
        if (!piece.IsData)
        {
            BinaryPrimitives.WriteInt64LittleEndian(into[24..], piece.Blocks);
            return ZeroesFixed;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(into[24..], (uint)piece.Blocks);
        var at = DataFixed;
        foreach (var crc in write.CrcsOf(piece))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into[at..], crc);
            at += sizeof(uint);
        }

        return piece.IsSealed ? at + WriteSeals(into[at..], write.SealsOf(piece)) : at;
    }

    public static int Write(Span<byte> into, byte[] change)
    {
        into[..4].Clear();
        into[0] = (byte)EntryKind.Change;
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], change.Length);
        change.CopyTo(into[ChangeFixed..]);
        return ChangeFixed + change.Length;
    }

    /// <summary>Those that may be set; of a kind that is not known, any.</summary>
    private static int FlagsOf(EntryKind kind) => kind switch
    {
        EntryKind.Data => OutsideHistory | Sealed,
        EntryKind.Zeroes => OutsideHistory | KeepAllocated,
        EntryKind.Change => 0,
        _ => byte.MaxValue,
    };

    // The blocks of one piece are encrypted in one go: their counters follow each other.
    private static int SealedBytes(int blocks) => Seal.TagAt + (blocks * Seal.TagBytes);

    private static int WriteSeals(Span<byte> into, ReadOnlySpan<byte> seals)
    {
        seals[..Seal.TagAt].CopyTo(into);
        var at = Seal.TagAt;
        for (; seals.Length > 0; seals = seals[Seal.Bytes..])
        {
            Seal.TagOf(seals).CopyTo(into[at..]);
            at += Seal.TagBytes;
        }

        return at;
    }

    /// <summary>Takes the next entry off the front.</summary>
    public static Entry Read(ref ReadOnlySpan<byte> bytes)
    {
        var kind = (EntryKind)bytes[0];
        var flags = bytes[1];
        if ((flags & ~FlagsOf(kind)) != 0)
        {
            throw new BlockException(BlockError.Corrupt, $"the log holds an entry of kind {(byte)kind} with flags {flags}, which this version does not know; use a newer one");
        }

        if (kind == EntryKind.Change)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
            var body = bytes.Slice(ChangeFixed, length);
            bytes = bytes[(ChangeFixed + length)..];
            return new Entry(kind, false, default, 0, 0, 0, 0, default, default, body);
        }

        if (kind is not (EntryKind.Data or EntryKind.Zeroes))
        {
            throw new BlockException(BlockError.Corrupt, $"the log holds an entry of kind {(byte)kind}, which this version does not know; use a newer one");
        }

        var volume = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var number = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        var first = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        var outside = (flags & OutsideHistory) != 0;
        if (kind == EntryKind.Zeroes)
        {
            var count = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
            bytes = bytes[ZeroesFixed..];
            return new Entry(kind, outside, (flags & KeepAllocated) != 0 ? Place.Zeroes : Place.Hole, volume, number, first, count, default, default, default);
        }

        var blocks = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        var crcs = bytes.Slice(DataFixed, checked((int)blocks * sizeof(uint)));
        bytes = bytes[(DataFixed + crcs.Length)..];
        var seals = (flags & Sealed) != 0 ? bytes[..SealedBytes(checked((int)blocks))] : default;
        bytes = bytes[seals.Length..];
        return new Entry(kind, outside, default, volume, number, first, blocks, crcs, seals, default);
    }
}
