using System.Buffers.Binary;
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
/// <param name="body">The bytes of a change.</param>
internal readonly ref struct Entry(
    EntryKind kind, bool outsideHistory, Place zeroes, uint volume, long number, long firstBlock, long blocks, ReadOnlySpan<byte> crcs,
    ReadOnlySpan<byte> body)
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

    public uint CrcAt(int index) => BinaryPrimitives.ReadUInt32LittleEndian(Crcs[(index * sizeof(uint))..]);
}

/// <summary>The bytes of a record's entries, as docs/formats/volume.md has them.</summary>
internal static class EntryCodec
{
    private const int DataFixed = 28, ZeroesFixed = 32, ChangeFixed = 8;
    private const byte OutsideHistory = 1, KeepAllocated = 2;

    public static int BytesFor(Piece piece) => piece.IsData ? DataFixed + (checked((int)piece.Blocks) * sizeof(uint)) : ZeroesFixed;

    public static int BytesFor(byte[] change) => ChangeFixed + change.Length;

    public static int Write(Span<byte> into, WriteRequest write, Piece piece)
    {
        into[0] = (byte)(piece.IsData ? EntryKind.Data : EntryKind.Zeroes);
        into[1] = (byte)((write.OutsideHistory ? OutsideHistory : 0) | (!piece.IsData && piece.Zeroes == Place.Zeroes ? KeepAllocated : 0));
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

        return at;
    }

    public static int Write(Span<byte> into, byte[] change)
    {
        into[..4].Clear();
        into[0] = (byte)EntryKind.Change;
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], change.Length);
        change.CopyTo(into[ChangeFixed..]);
        return ChangeFixed + change.Length;
    }

    /// <summary>Takes the next entry off the front.</summary>
    public static Entry Read(ref ReadOnlySpan<byte> bytes)
    {
        var kind = (EntryKind)bytes[0];
        var flags = bytes[1];
        if (kind == EntryKind.Change)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
            var body = bytes.Slice(ChangeFixed, length);
            bytes = bytes[(ChangeFixed + length)..];
            return new Entry(kind, false, default, 0, 0, 0, 0, default, body);
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
            return new Entry(kind, outside, (flags & KeepAllocated) != 0 ? Place.Zeroes : Place.Hole, volume, number, first, count, default, default);
        }

        var blocks = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        var crcs = bytes.Slice(DataFixed, checked((int)blocks * sizeof(uint)));
        bytes = bytes[(DataFixed + crcs.Length)..];
        return new Entry(kind, outside, default, volume, number, first, blocks, crcs, default);
    }
}
