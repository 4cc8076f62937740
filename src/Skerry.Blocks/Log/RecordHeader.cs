using System.Buffers.Binary;

namespace Skerry.Blocks.Log;

/// <summary>
/// The fixed part that begins each record of the log. The store, segment and position in it make sure that bytes of another use of the
/// file, or of a copy of a log that a guest keeps on its disk, are never taken for a record.
/// </summary>
/// <param name="StoreId">Random identity of the store.</param>
/// <param name="Segment">The segment that it was written for; segment numbers are used once.</param>
/// <param name="Block">Where in the segment it begins, in blocks.</param>
/// <param name="HeaderBlocks">Blocks of header and entries.</param>
/// <param name="DataBlocks">Blocks of data that follow.</param>
/// <param name="Sequence">Its number in the store's log; one above the record before it.</param>
/// <param name="DurableSequence">A record number that was known to be on stable storage, with all before it, when this was written.</param>
/// <param name="Opening">Random identity of the opening of the store that wrote it.</param>
/// <param name="PriorOpening">In the first record of an opening, the one that it goes on from; otherwise 0.</param>
/// <param name="EntryBytes">Bytes of entries behind the fixed part.</param>
internal readonly record struct RecordHeader(
    ulong StoreId, long Segment, int Block, int HeaderBlocks, int DataBlocks, long Sequence, long DurableSequence, ulong Opening,
    ulong PriorOpening, int EntryBytes)
{
    public const int Bytes = 80;
    private const uint Magic = 0x524B_5953; // "SYKR"
    private const ushort Version = 1;
    private const int CrcAt = 76;

    public int TotalBlocks => HeaderBlocks + DataBlocks;

    public static int HeaderBlocksFor(int entryBytes) => (Bytes + entryBytes + Sizes.Block - 1) / Sizes.Block;

    /// <summary>Writes the fixed part and seals the whole header, whose entries stand behind it already.</summary>
    public void Seal(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], StoreId);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Segment);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], Block);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], HeaderBlocks);
        BinaryPrimitives.WriteInt32LittleEndian(header[32..], DataBlocks);
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], EntryBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], DurableSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], Opening);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], PriorOpening);
        BinaryPrimitives.WriteUInt32LittleEndian(header[72..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], Crc32C.Of(header));
    }

    /// <summary>Reads the fixed part, if it can be a header at this position; its checksum is still to be proved.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong storeId, long segment, int block, int segmentBlocks, out RecordHeader header)
    {
        header = default;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return false;
        }

        header = new RecordHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[64..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]));
        return header.StoreId == storeId && header.Segment == segment && header.Block == block
            && header.HeaderBlocks > 0 && header.DataBlocks >= 0 && header.EntryBytes >= 0
            && header.HeaderBlocks <= segmentBlocks - block && header.DataBlocks <= segmentBlocks - block - header.HeaderBlocks
            && header.EntryBytes <= (header.HeaderBlocks * Sizes.Block) - Bytes;
    }

    /// <summary>Proves the checksum of a whole header; the bytes are changed on the way and put back.</summary>
    public static bool IsSound(Span<byte> header)
    {
        var stored = BinaryPrimitives.ReadUInt32LittleEndian(header[CrcAt..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], 0);
        var sound = Crc32C.Of(header) == stored;
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcAt..], stored);
        return sound;
    }

    /// <summary>A version that this code does not know is refused, rather than taken for a torn tail and cut.</summary>
    public static void RequireKnownVersion(ReadOnlySpan<byte> header, string where)
    {
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        if (version != Version)
        {
            throw new BlockException(BlockError.Refused, $"{where} holds a record of format version {version}; this program reads version {Version}. Use a newer one");
        }
    }
}
