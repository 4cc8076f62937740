namespace Skerry.Blocks.Nbd;

/// <summary>A device's extents with neighbours of one kind joined and the ends cut to what was asked for.</summary>
internal readonly record struct AllocationRun(long OffsetBytes, long LengthBytes, bool Allocated)
{
    /// <summary>
    /// Runs from the offset on, in order; they may stop before the range does, and there is at least one if the range is not empty.
    /// </summary>
    public static List<AllocationRun> Of(IBlockDevice device, long offsetBytes, long lengthBytes, int extentLimit)
    {
        List<AllocationRun> runs = [];
        long nextBytes = offsetBytes;
        long endBytes = offsetBytes + lengthBytes;
        foreach (BlockExtent extent in device.Extents(offsetBytes, lengthBytes, extentLimit))
        {
            long extentEndBytes = Math.Min(extent.OffsetBytes + extent.LengthBytes, endBytes);
            if (extentEndBytes <= nextBytes)
            {
                continue;
            }

            if (runs.Count > 0 && runs[^1].Allocated == extent.Allocated)
            {
                runs[^1] = runs[^1] with { LengthBytes = extentEndBytes - runs[^1].OffsetBytes };
            }
            else
            {
                runs.Add(new(nextBytes, extentEndBytes - nextBytes, extent.Allocated));
            }

            nextBytes = extentEndBytes;
        }

        if (runs.Count == 0)
        {
            // "Allocated" is what may always be said.
            runs.Add(new(offsetBytes, lengthBytes, Allocated: true));
        }

        return runs;
    }
}
