using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>Which blocks were in use at some point of the log that is durable; what was not can never be used again.</summary>
/// <param name="Live">Blocks that some map used.</param>
/// <param name="EndSegment">Segments from here on an opening would read again, or they were not full: nothing of them is given back.</param>
/// <param name="WrittenBlocks">Blocks that this opening had written then.</param>
internal sealed record Mark(LivePlaces Live, long EndSegment, long WrittenBlocks)
{
    public long LiveBytes { get; } = Live.CountBlocks() * Sizes.Block;
}

/// <summary>
/// Gives dead space back without moving anything, once no opening would need it: files that hold nothing in use are freed,
/// and in the others long dead stretches are punched out.
/// </summary>
/// <remarks>
/// A file that is dying is left alone: it will soon be free as a whole, and one without holes is quicker to use again. So holes are made
/// in files at rest, of which nothing died since the sweep before; and in all when room is short or somebody asks for it.
/// </remarks>
internal static class Sweeper
{
    /// <summary>Shorter dead stretches stay: a hole for each would cost more than it gives, and a file with holes is slower to use again.</summary>
    private const int ShortestStretchBlocks = 64;

    private const int ShareOfTotal = 8;

    /// <param name="segments">The files.</param>
    /// <param name="mark">The last one, or an older one.</param>
    /// <param name="all">Punches files that are not at rest as well.</param>
    /// <param name="stopping">True once there is no more time for punching, which may take many seconds; the next sweep goes on with it.</param>
    public static void Sweep(SegmentTable segments, Mark mark, bool all, Func<bool> stopping)
    {
        lock (segments.Reclaiming)
        {
            all |= segments.FreeBytes() < segments.TotalBytes / ShareOfTotal;
            foreach (var placed in segments.Places.All())
            {
                if (placed.Id < mark.EndSegment && mark.Live.IsEmpty(placed.Id))
                {
                    segments.Places.Remove(placed.Id);
                }
            }

            segments.BeginReclaim();
            foreach (var use in Uses(segments, mark))
            {
                if (use.Holds.Count == 0)
                {
                    segments.Remove(use.File);
                }
                else
                {
                    var isAtRest = use.File.DeadWhenSwept == use.DeadBlocks;
                    use.File.DeadWhenSwept = use.DeadBlocks;
                    if (all || isAtRest)
                    {
                        Punch(segments, use, mark.Live, stopping);
                    }
                }
            }
        }
    }

    /// <summary>Of all files that are full and at rest. To be asked while nobody else gives space back.</summary>
    public static IReadOnlyList<FileUse> Uses(SegmentTable segments, Mark mark)
    {
        var uses = segments.Files.Where(file => !file.InMotion && (file.IsPack || file.Id < mark.EndSegment)).ToDictionary(file => file, file => new FileUse(file));
        foreach (var placed in segments.Places.All())
        {
            if (placed.File is { } file && uses.TryGetValue(file, out var use))
            {
                use.Add(placed, mark.Live);
            }
        }

        return [.. uses.Values];
    }

    private static void Punch(SegmentTable segments, FileUse use, LivePlaces live, Func<bool> stopping)
    {
        if (use.DeadBlocks < ShortestStretchBlocks)
        {
            return;
        }

        var file = use.File;
        var bits = use.LiveBits(live);
        for (var from = 0; from < file.Blocks && !stopping();)
        {
            if (IsSet(bits, from))
            {
                from++;
                continue;
            }

            var (to, fresh) = (from, 0);
            while (to < file.Blocks && !IsSet(bits, to))
            {
                fresh += file.PunchedBlocks[to] ? 0 : 1;
                to++;
            }

            if (to - from >= ShortestStretchBlocks && fresh > 0 && !segments.Punch(file, from, to - from))
            {
                return;
            }

            from = to;
        }
    }

    private static bool IsSet(ulong[] bits, int block) => (bits[block >> 6] & (1UL << (block & 63))) != 0;
}
