namespace Skerry.Blocks.Nbd;

/// <summary>One extent of a block status reply: how long it is, and the flags that its context defines.</summary>
internal readonly record struct StatusRun(uint LengthBytes, uint Flags)
{
    private const uint Dirty = 1;

    /// <summary>base:allocation, as hole and zero bits.</summary>
    public static List<StatusRun> OfAllocation(IBlockDevice device, long offsetBytes, uint lengthBytes, int limit) =>
    [
        .. AllocationRun.Of(device, offsetBytes, lengthBytes, limit).Select(run => new StatusRun(
            (uint)run.LengthBytes, (uint)(run.Allocated ? AllocationState.Allocated : AllocationState.Hole | AllocationState.Zero))),
    ];

    /// <summary>qemu:dirty-bitmap: bit 0 where something may have changed.</summary>
    public static List<StatusRun> OfBitmap(IDirtyBitmaps bitmaps, string name, long offsetBytes, uint lengthBytes, int limit)
    {
        List<StatusRun> runs = [];
        long nextBytes = offsetBytes;
        long endBytes = offsetBytes + lengthBytes;
        foreach (ChangedRange range in bitmaps.Changed(name, offsetBytes, lengthBytes))
        {
            long fromBytes = Math.Max(range.OffsetBytes, nextBytes);
            long toBytes = Math.Min(range.OffsetBytes + range.LengthBytes, endBytes);
            if (fromBytes >= toBytes)
            {
                continue;
            }

            Add(fromBytes, flags: 0);
            Add(toBytes, Dirty);
            if (runs.Count > limit)
            {
                return runs[..limit];
            }
        }

        Add(endBytes, flags: 0);
        return runs;

        void Add(long untilBytes, uint flags)
        {
            uint addedBytes = (uint)(untilBytes - nextBytes);
            nextBytes = untilBytes;
            if (addedBytes > 0 && runs.Count > 0 && runs[^1].Flags == flags)
            {
                runs[^1] = runs[^1] with { LengthBytes = runs[^1].LengthBytes + addedBytes };
            }
            else if (addedBytes > 0)
            {
                runs.Add(new(addedBytes, flags));
            }
        }
    }
}
