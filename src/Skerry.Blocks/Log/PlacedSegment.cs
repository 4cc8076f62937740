namespace Skerry.Blocks.Log;

/// <summary>Where the blocks of one segment of the log are now: where they were written, or those that were kept side by side in a pack.</summary>
/// <param name="Id">The segment's number, as places name it.</param>
/// <param name="FileId">The number of the file that holds the blocks.</param>
/// <param name="File">That file; null when it is missing.</param>
/// <param name="First">Where the kept blocks begin in it.</param>
/// <param name="Kept">Which blocks were kept; null while all are where they were written.</param>
internal sealed record PlacedSegment(long Id, long FileId, Segment? File, int First, BlockSet? Kept)
{
    public static PlacedSegment Unmoved(Segment segment) => new(segment.Id, segment.Id, segment, 0, null);

    /// <summary>What to call the file in messages.</summary>
    public string FileName => File?.Name ?? (Kept is null ? Segment.NameOf(FileId) : Segment.PackNameOf(FileId));

    /// <summary>Where in the file a block is; -1 when it was given back.</summary>
    public int Find(int block) => Kept is null ? block : Kept.RankOf(block) is var rank and >= 0 ? First + rank : -1;

    /// <summary>How many of so many blocks in a row, of which the first is at <paramref name="at"/>, follow it in the file as well.</summary>
    public int RunFrom(int block, int at, int most)
    {
        if (Kept is null)
        {
            return most;
        }

        var count = 1;
        while (count < most && Find(block + count) == at + count)
        {
            count++;
        }

        return count;
    }

    /// <summary>How many of its blocks the bits name.</summary>
    public int CountIn(ReadOnlySpan<ulong> bits) => Kept?.CountIn(bits) ?? BlockSet.CountOf(bits);
}
