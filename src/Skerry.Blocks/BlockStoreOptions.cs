using System.Numerics;
using Skerry.Blocks.Encryption;

namespace Skerry.Blocks;

/// <summary>How a block store is laid out and bounded.</summary>
public sealed class BlockStoreOptions
{
    private const int SegmentsWanted = 256, LeastSegmentBytes = 8 << 20, MostSegmentBytes = 64 << 20;

    /// <summary>The store's own directory; made when absent. Nothing else may write in it.</summary>
    public required string Directory { get; init; }

    /// <summary>The most that the store's files may occupy, in bytes; 0 (the default) leaves it to the file system.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>
    /// Room that only deletes and other small changes may use once data fills the rest, in bytes. Rounded up to whole segments, at
    /// least three: for a pack of the cleaner's, for the log to name it, and for changes meanwhile. Default: three segments.
    /// </summary>
    public long ReserveBytes { get; init; }

    /// <summary>
    /// Size of a segment of the log in bytes: a multiple of 4096 from 256 KiB to 1 GiB. 0 (the default) goes by the room: the 256th part
    /// of it, a power of two from 8 to 64 MiB. Fixed when the store is made; later openings keep what is there.
    /// </summary>
    public int SegmentBytes { get; init; }

    /// <summary>
    /// How many bytes of log may be written before the maps are saved, by default 256 MiB: it bounds what an opening after a crash
    /// reads again, and paces the return of dead space.
    /// </summary>
    public long CheckpointBytes { get; init; } = 256 << 20;

    /// <summary>
    /// Memory for the checksums of stored blocks that are read, in bytes, by default 64 MiB: 1 MiB serves 1 GiB of data. Those of
    /// blocks written since the maps were last saved are kept beyond it.
    /// </summary>
    public long ChecksumCacheBytes { get; init; } = 64 << 20;

    /// <summary>
    /// The key for which the keys of this store's encrypted volumes are wrapped; the caller keeps it, and disposes it after the store.
    /// Null (the default): encrypted volumes can be neither made, read nor written, and all else can be done with them.
    /// </summary>
    public KeyHolder? KeyHolder { get; init; }

    /// <summary>The clock for the times of snapshots and of queued writes.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Of a store to be made, in so much room.</summary>
    /// <remarks>
    /// A few segments are never full of what is in use: the reserve, what is written and cleaned just now. Where they are a large part of
    /// all there are, the rest is crowded, and cleaning writes several times as much. Large segments cost fewer files and syncs.
    /// </remarks>
    internal int SegmentBytesFor(long roomBytes)
    {
        if (SegmentBytes > 0)
        {
            return SegmentBytes;
        }

        var most = Math.Min(Math.Min(roomBytes / SegmentsWanted, CheckpointBytes), MostSegmentBytes);
        return (int)Math.Max(LeastSegmentBytes, 1L << (63 - BitOperations.LeadingZeroCount((ulong)Math.Max(1, most))));
    }

    internal IReadOnlyList<string> Mistakes()
    {
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(Directory))
        {
            mistakes.Add("Directory is empty: name the store's directory");
        }

        if (SegmentBytes is not 0 and (< (256 << 10) or > (1 << 30)) || SegmentBytes % IBlockDevice.BlockSize != 0)
        {
            mistakes.Add($"SegmentBytes is {SegmentBytes}: use 0, or a multiple of 4096 from 256 KiB to 1 GiB");
        }

        var leastSegmentBytes = SegmentBytes == 0 ? LeastSegmentBytes : SegmentBytes;
        if (CapacityBytes < 0 || (CapacityBytes > 0 && CapacityBytes < 4L * leastSegmentBytes))
        {
            mistakes.Add($"CapacityBytes is {CapacityBytes}: use 0 for no bound, or at least four segments ({4L * leastSegmentBytes})");
        }

        if (ReserveBytes < 0 || (CapacityBytes > 0 && ReserveBytes > CapacityBytes / 2))
        {
            mistakes.Add($"ReserveBytes is {ReserveBytes}: use 0 up to half of the capacity");
        }

        if (CheckpointBytes < leastSegmentBytes)
        {
            mistakes.Add($"CheckpointBytes is {CheckpointBytes}: use at least one segment ({leastSegmentBytes})");
        }

        if (ChecksumCacheBytes < 0)
        {
            mistakes.Add($"ChecksumCacheBytes is {ChecksumCacheBytes}: use 0 or more");
        }

        return mistakes;
    }
}
