using Skerry.Blocks.Log;

namespace Skerry.Blocks.Integrity;

/// <summary>Reads every record header of a store's segments, as they stand in the files, whatever the maps say.</summary>
internal sealed class RecordScan(IBackingStorage storage, StoreIdentity identity, FindingList findings)
{
    private const int WindowBlocks = 256;
    private readonly byte[] _window = new byte[WindowBlocks * Sizes.Block];

    public long Records { get; private set; }

    public int Segments { get; private set; }

    /// <returns>Bytes looked at in each step.</returns>
    public IEnumerable<int> Steps()
    {
        var names = storage.List().Where(name => Segment.IdOf(name) is not null).Order(StringComparer.Ordinal).ToList();
        foreach (var name in names)
        {
            Segments++;
            using var file = Open(name);
            for (var block = 0; file is not null && block < SegmentBlocks;)
            {
                var before = block;
                block = Scan(file, name, Segment.IdOf(name)!.Value, block);
                yield return (block - before) * Sizes.Block;
            }
        }
    }

    private int SegmentBlocks => identity.SegmentBytes / Sizes.Block;

    private IBackingFile? Open(string name)
    {
        try
        {
            return storage.Open(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Add(FindingKind.Store, name, null, $"{name} cannot be opened: {e.Message}. Give its reader the right to it, or check the disk");
            return null;
        }
    }

    /// <summary>Goes on to the end of the window, or of the record that leaves it.</summary>
    private int Scan(IBackingFile file, string name, long id, int from)
    {
        var count = Math.Min(WindowBlocks, SegmentBlocks - from);
        try
        {
            file.Read((long)from * Sizes.Block, _window.AsSpan(0, count * Sizes.Block));
            for (var k = 0; k < count;)
            {
                var block = from + k;
                if (!RecordHeader.TryRead(_window.AsSpan(k * Sizes.Block, Sizes.Block), identity.StoreId, id, block, SegmentBlocks, out var header))
                {
                    k++;
                    continue;
                }

                var bytes = new byte[header.HeaderBlocks * Sizes.Block];
                file.Read((long)block * Sizes.Block, bytes);
                if (RecordHeader.IsSound(bytes))
                {
                    Records++;
                    k += header.TotalBlocks;
                }
                else
                {
                    // Torn when the power went, or rotten: whether the log needs it is judged when the log is followed.
                    findings.Add(
                        FindingKind.Note, name, (long)block * Sizes.Block,
                        $"{name}, byte {(long)block * Sizes.Block}: the header of record {header.Sequence} does not match its checksum; it was torn when it was written, or has rotted since");
                    k++;
                }

                count = Math.Max(count, k);
            }
        }
        catch (IOException e)
        {
            findings.Add(FindingKind.Store, name, (long)from * Sizes.Block, $"{name}, byte {(long)from * Sizes.Block} on: cannot be read: {e.Message}. Check the disk");
        }

        return from + count;
    }
}
