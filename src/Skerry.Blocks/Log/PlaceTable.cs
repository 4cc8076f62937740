using System.Text;

namespace Skerry.Blocks.Log;

/// <summary>
/// From the segments that places name to the files that hold their blocks. Maps never learn that a block was moved: this table alone
/// does, once for all maps that share it. Read by anyone without a lock.
/// </summary>
internal sealed class PlaceTable
{
    public const string SectionName = "places";
    private const int ChunkBits = 10, ChunkEntries = 1 << ChunkBits;
    private readonly Lock _lock = new();
    private PlacedSegment?[]?[] _chunks = [];

    public PlacedSegment? Find(long id)
    {
        var chunks = Volatile.Read(ref _chunks);
        var chunk = id >> ChunkBits;
        return chunk < chunks.Length && Volatile.Read(ref chunks[chunk]) is { } entries ? Volatile.Read(ref entries[id & (ChunkEntries - 1)]) : null;
    }

    public void Set(PlacedSegment placed)
    {
        lock (_lock)
        {
            var chunk = (int)(placed.Id >> ChunkBits);
            if (chunk >= _chunks.Length)
            {
                var grown = new PlacedSegment?[]?[Math.Max(chunk + 1, _chunks.Length * 2)];
                _chunks.CopyTo(grown, 0);
                Volatile.Write(ref _chunks, grown);
            }

            var entries = _chunks[chunk];
            if (entries is null)
            {
                Volatile.Write(ref _chunks[chunk], entries = new PlacedSegment?[ChunkEntries]);
            }

            Volatile.Write(ref entries[placed.Id & (ChunkEntries - 1)], placed);
        }
    }

    /// <summary>Nothing uses the segment any more.</summary>
    public void Remove(long id)
    {
        lock (_lock)
        {
            var chunk = (int)(id >> ChunkBits);
            if (chunk < _chunks.Length && _chunks[chunk] is { } entries)
            {
                Volatile.Write(ref entries[id & (ChunkEntries - 1)], null);
                if (!entries.AsSpan().ContainsAnyExcept((PlacedSegment?)null))
                {
                    Volatile.Write(ref _chunks[chunk], null);
                }
            }
        }
    }

    /// <summary>All of one instant, in order.</summary>
    public IReadOnlyList<PlacedSegment> All()
    {
        lock (_lock)
        {
            return [.. _chunks.Where(chunk => chunk is not null).SelectMany(chunk => chunk!).Where(placed => placed is not null)!];
        }
    }

    /// <summary>For a checkpoint: the moved segments as they are now.</summary>
    public CheckpointSection Capture()
    {
        var moved = All().Where(placed => placed.Kept is not null).ToList();
        return new CheckpointSection(SectionName, () => Encode(moved));
    }

    public static byte[] Encode(IReadOnlyList<PlacedSegment> moved)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(moved.Count);
        foreach (var placed in moved)
        {
            writer.Write(placed.Id);
            writer.Write(placed.FileId);
            writer.Write(placed.First);
            placed.Kept!.Write(writer);
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Without the files, which are still to be found.</summary>
    public static IReadOnlyList<PlacedSegment> Decode(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var moved = new PlacedSegment[reader.ReadInt32()];
        for (var i = 0; i < moved.Length; i++)
        {
            var (id, fileId, first) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32());
            moved[i] = new PlacedSegment(id, fileId, null, first, BlockSet.Read(reader));
        }

        return moved;
    }
}
