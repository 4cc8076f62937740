namespace Skerry.Blocks.Log;

/// <summary>When to clean, what, and how fast.</summary>
/// <remarks>
/// Waiting makes cleaning cheap, since files go on dying: so with room to spare dead space may grow beyond what is in use, and
/// when room gets short cleaning begins just before it is gone. It then works the harder the less is left.
/// </remarks>
/// <param name="segmentBytes">Size of a file.</param>
/// <param name="paced">Whether it makes pauses.</param>
internal sealed class CleaningPolicy(long segmentBytes, bool paced = true)
{
    private const int AmpleSegments = 8;
    private const double LeastDuty = 0.1, MostLive = 0.95, ShareOfBest = 0.7;
    private const int ShareOfTotal = 128, ShareOfShort = 2, MarksForSpare = 32, SavesForSpare = 4;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(2);
    private TimeSpan _owed;

    /// <summary>Data is about to run out of room.</summary>
    /// <param name="segments">The files.</param>
    /// <param name="promisedBytes">What will come back without another pack. It is waited for, unless data can hardly wait.</param>
    public bool IsShort(SegmentTable segments, long promisedBytes)
    {
        var (free, wanted) = (segments.FreeBytes(), ShortBytes(segments));
        return free + promisedBytes < wanted || free < wanted / ShareOfShort;
    }

    /// <summary>Dead space has grown to more than what is in use.</summary>
    public bool IsDue(SegmentTable segments, Mark? mark) =>
        mark is not null && segments.AllocatedBytes - mark.LiveBytes > mark.LiveBytes + (AmpleSegments * segmentBytes);

    /// <summary>True when so much was written since the mark that a new one would find better files.</summary>
    public bool IsStale(SegmentTable segments, Mark? mark, long writtenBlocks)
    {
        return mark is null || (writtenBlocks - mark.WrittenBlocks) * Sizes.Block > Math.Max(segmentBytes, SpareBytes(segments, mark) / MarksForSpare);
    }

    /// <summary>True when so much was written since the maps were saved that it matters that none of it may be cleaned before they are again.</summary>
    public bool HoldsMuchBack(SegmentTable segments, Mark? mark, long unsavedBlocks) =>
        mark is null || unsavedBlocks * Sizes.Block > Math.Max(2 * segmentBytes, SpareBytes(segments, mark) / SavesForSpare);

    /// <summary>
    /// By cost and benefit: what is freed, the longer it has been at rest the better, for what has to be copied. Only files that are nearly
    /// as good as the best share its pack: one that merely fits costs more than the room that it would fill.
    /// </summary>
    public IReadOnlyList<FileUse> Choose(IReadOnlyList<FileUse> uses, long nextId, int packBlocks)
    {
        var chosen = new List<FileUse>();
        var (room, gain, best) = (packBlocks, 0, 0.0);
        foreach (var (use, score) in uses.Where(use => use.LiveBlocks < MostLive * use.AllocatedBlocks)
            .Select(use => (use, ScoreOf(use, nextId))).OrderByDescending(scored => scored.Item2))
        {
            best = Math.Max(best, score);
            if (score < best * ShareOfBest)
            {
                break;
            }

            if (use.LiveBlocks <= room)
            {
                chosen.Add(use);
                room -= use.LiveBlocks;
                gain += use.DeadBlocks;
            }
        }

        return gain >= packBlocks / 16 ? chosen : [];
    }

    public async ValueTask PauseAsync(SegmentTable segments, TimeProvider time, TimeSpan worked, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!paced)
        {
            return;
        }

        var duty = Math.Clamp(1.2 - (segments.FreeBytes() / (double)ShortBytes(segments)), LeastDuty, 1);
        _owed += worked * ((1 - duty) / duty);
        if (_owed >= ShortestPause)
        {
            var pause = _owed;
            _owed = TimeSpan.Zero;
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private static double ScoreOf(FileUse use, long nextId)
    {
        // Of what it still occupies: what was punched out of it is free already.
        var live = use.LiveBlocks / (double)use.AllocatedBlocks;
        return (1 - live) * (nextId - use.File.Id) / (1 + live);
    }

    private static long SpareBytes(SegmentTable segments, Mark mark) => segments.TotalBytes - mark.LiveBytes;

    private long ShortBytes(SegmentTable segments) => Math.Max(2 * segmentBytes, segments.TotalBytes / ShareOfTotal);
}
