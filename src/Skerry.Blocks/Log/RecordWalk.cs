using Skerry.Blocks.Encryption;

namespace Skerry.Blocks.Log;

/// <summary>Goes through the records of one segment by their headers alone, past any that are damaged.</summary>
internal static class RecordWalk
{
    /// <summary>Little-endian checksums of the blocks from <paramref name="first"/> on, of those that a sound record holds as data.</summary>
    public static void ReadCrcs(IBackingFile segment, ulong storeId, long segmentId, int segmentBlocks, int first, Span<byte> into) =>
        Read(segment, storeId, segmentId, segmentBlocks, first, into, sizeof(uint));

    /// <summary>The same for the seals of encrypted blocks.</summary>
    public static void ReadSeals(IBackingFile segment, ulong storeId, long segmentId, int segmentBlocks, int first, Span<byte> into) =>
        Read(segment, storeId, segmentId, segmentBlocks, first, into, Seal.Bytes);

    private static void Read(
        IBackingFile segment, ulong storeId, long segmentId, int segmentBlocks, int first, Span<byte> into, int bytesPerBlock)
    {
        var end = first + (into.Length / bytesPerBlock);
        var bytes = new byte[Sizes.Block];
        for (var block = 0; block < end;)
        {
            segment.Read((long)block * Sizes.Block, bytes.AsSpan(0, Sizes.Block));
            if (!RecordHeader.TryRead(bytes, storeId, segmentId, block, segmentBlocks, out var header))
            {
                block++;
                continue;
            }

            var headerBytes = header.HeaderBlocks * Sizes.Block;
            if (headerBytes > bytes.Length)
            {
                bytes = new byte[headerBytes];
                segment.Read((long)block * Sizes.Block, bytes);
            }

            if (!RecordHeader.IsSound(bytes.AsSpan(0, headerBytes)))
            {
                block++;
                continue;
            }

            var at = block + header.HeaderBlocks;
            ReadOnlySpan<byte> entries = bytes.AsSpan(RecordHeader.Bytes, header.EntryBytes);
            while (entries.Length > 0)
            {
                var entry = EntryCodec.Read(ref entries);
                if (entry.Kind == EntryKind.Data)
                {
                    var from = Math.Max(at, first);
                    var to = (int)Math.Min(at + entry.Blocks, end);
                    if (from < to && bytesPerBlock == Seal.Bytes)
                    {
                        if (entry.IsSealed)
                        {
                            entry.CopySeals(from - at, into[((from - first) * Seal.Bytes)..((to - first) * Seal.Bytes)]);
                        }
                    }
                    else if (from < to)
                    {
                        entry.Crcs[((from - at) * sizeof(uint))..((to - at) * sizeof(uint))].CopyTo(into[((from - first) * sizeof(uint))..]);
                    }

                    at += (int)entry.Blocks;
                }
            }

            block += header.TotalBlocks;
        }
    }
}
