using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Gives dead space back, once a durable checkpoint needs it no more: segments that no map uses are dropped, and in the others long
/// dead stretches are punched out of the file. Only segments that were full when the checkpoint was taken are touched, so every place
/// that is in use then or later is known.
/// </summary>
internal static class Sweeper
{
    /// <summary>Shorter dead stretches stay: a hole for each would cost more than it gives.</summary>
    private const int ShortestStretchBlocks = 4;

    /// <param name="stopping">True once there is no more time for punching, which may take many seconds; the next sweep goes on with it.</param>
    public static void Sweep(SegmentTable segments, Checkpoint checkpoint, LivePlaces live, Func<bool> stopping)
    {
        segments.BeginReclaim();
        foreach (var segment in segments.InOrder())
        {
            if (segment.Id >= checkpoint.Segment)
            {
                return;
            }

            if (live.IsEmpty(segment.Id))
            {
                segments.Remove(segment);
            }
            else
            {
                Punch(segments, segment, live, stopping);
            }
        }
    }

    private static void Punch(SegmentTable segments, Segment segment, LivePlaces live, Func<bool> stopping)
    {
        for (var from = 0; from < segment.Blocks && !stopping();)
        {
            if (live.Contains(segment.Id, from))
            {
                from++;
                continue;
            }

            var to = from;
            var fresh = 0;
            while (to < segment.Blocks && !live.Contains(segment.Id, to))
            {
                fresh += segment.PunchedBlocks[to] ? 0 : 1;
                to++;
            }

            if (to - from >= ShortestStretchBlocks && fresh > 0)
            {
                if (!segment.File.Punch((long)from * Sizes.Block, (long)(to - from) * Sizes.Block))
                {
                    return;
                }

                for (var block = from; block < to; block++)
                {
                    segment.PunchedBlocks[block] = true;
                }

                segments.CountPunched(segment, fresh);
            }

            from = to;
        }
    }
}
