using System.Runtime.InteropServices;
using Skerry.Blocks;
using Skerry.Domain.Replication;
using Skerry.Movers.Tests.Native.Disasters;

namespace Skerry.Movers.Tests.Native;

/// <summary>
/// Every write that any primary made, by its name (run, number). So for each lineage it is known, block by block, what a disk in
/// that state holds: the oracle of all replication tests. It also watches that no two sites acknowledge writes as primaries of one
/// generation.
/// </summary>
internal sealed class DiskHistory
{
    private const int Block = IBlockDevice.BlockSize;

    private readonly Dictionary<(ulong Run, long Number), (long First, int Count, ulong Stamp)> _writes = [];
    private readonly Dictionary<(ulong Run, long Number), DateTimeOffset> _acknowledged = [];
    private readonly PrimaryWatch _watch = new();
    private ulong _lastStamp;

    public int Count => _writes.Count;

    /// <summary>
    /// Writes whole blocks with a stamp of their own, or trims them. False when the patience ended before the acknowledgement, which a
    /// lease may hold back before or after the write is carried out.
    /// </summary>
    public async Task<bool> WriteAsync(BlockVolume volume, long firstBlock, int count, bool isTrim, CancellationToken patience = default)
    {
        var before = volume.Lineage.LastNumber;
        _watch.Begin(volume);
        var stamp = isTrim ? 0 : ++_lastStamp;
        var isAcknowledged = true;
        try
        {
            await (isTrim
                ? volume.TrimAsync(firstBlock * Block, (long)count * Block, WriteOptions.None, patience)
                : volume.WriteAsync(firstBlock * Block, Content(firstBlock, count, stamp), WriteOptions.None, patience));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            isAcknowledged = false;
        }

        var lineage = volume.Lineage;
        if (!isAcknowledged && lineage.LastNumber == before)
        {
            return false;
        }

        Assert.Equal(before + 1, lineage.LastNumber);
        var name = (lineage.Runs[^1].RunId, lineage.LastNumber);
        _writes.Add(name, (firstBlock, count, stamp));
        if (isAcknowledged && _watch.Acknowledged(volume))
        {
            _acknowledged[name] = DateTimeOffset.UtcNow;
        }

        return isAcknowledged;
    }

    /// <summary>True when a disk with this lineage has been in the state right after that write.</summary>
    public static bool Contains(Lineage lineage, ulong run, long number)
    {
        for (var i = lineage.Runs.Count - 1; i >= 0; i--)
        {
            if (lineage.Runs[i].FirstNumber <= number)
            {
                return lineage.Runs[i].RunId == run && number <= lineage.LastNumber;
            }
        }

        return false;
    }

    /// <summary>
    /// A recovery point holds everything that the primary had acknowledged by its time, but for what the primary lost itself: nothing
    /// beyond the loss that was announced.
    /// </summary>
    /// <param name="point">As it was reported.</param>
    /// <param name="primary">What the primary had.</param>
    /// <param name="promoted">The state that was promoted.</param>
    /// <param name="clockOff">How far ahead the clock was that the point's time is of.</param>
    public void AssertCovers(RecoveryPoint point, Lineage primary, Lineage promoted, TimeSpan clockOff)
    {
        var until = point.TakenAt - clockOff;
        for (var i = 0; i < primary.Runs.Count; i++)
        {
            var end = i + 1 < primary.Runs.Count ? primary.Runs[i + 1].FirstNumber - 1 : primary.LastNumber;
            for (var number = primary.Runs[i].FirstNumber; number <= end; number++)
            {
                var run = primary.Runs[i].RunId;
                if (_acknowledged.TryGetValue((run, number), out var at) && at <= until)
                {
                    Assert.True(
                        number <= point.Number && Contains(promoted, run, number),
                        $"write {number} of run {run:x16} was acknowledged at {at:O}, before the recovery point {point.Number} of {until:O}, and is not in it: the primary was at {primary}, promoted was {promoted}");
                }
            }
        }
    }

    /// <summary>The device holds exactly what the lineage says.</summary>
    public async Task AssertHoldsAsync(IBlockDevice device, Lineage lineage, string what)
    {
        var expected = Fold(lineage);
        var blocks = Math.Min(device.SizeBytes / Block, _writes.Values.Select(w => w.First + w.Count).DefaultIfEmpty().Max() + 8);
        var content = new byte[blocks * Block];
        await device.ReadAsync(0, content, CancellationToken.None);
        for (var block = 0L; block < blocks; block++)
        {
            var stamp = expected.GetValueOrDefault(block);
            var wanted = stamp == 0 ? new byte[Block] : Content(block, 1, stamp);
            Assert.True(
                content.AsSpan((int)(block * Block), Block).SequenceEqual(wanted),
                $"{what}, {lineage}: block {block} has stamp {MemoryMarshal.Read<ulong>(content.AsSpan((int)(block * Block)))}, not {stamp}");
        }
    }

    /// <summary>As <see cref="AssertHoldsAsync"/>, but blocks may be told to be unreadable: how many are.</summary>
    public async Task<int> CountUnreadableAsync(IBlockDevice device, Lineage lineage, string what)
    {
        var (expected, unreadable) = (Fold(lineage), 0);
        var content = new byte[Block];
        for (var block = 0L; block < device.SizeBytes / Block; block++)
        {
            try
            {
                await device.ReadAsync(block * Block, content, CancellationToken.None);
            }
            catch (BlockException e) when (e.Error == BlockError.Corrupt)
            {
                unreadable++;
                continue;
            }

            var stamp = expected.GetValueOrDefault(block);
            Assert.True(
                content.AsSpan().SequenceEqual(stamp == 0 ? new byte[Block] : Content(block, 1, stamp)),
                $"{what}, {lineage}: block {block} has stamp {MemoryMarshal.Read<ulong>(content)}, not {stamp}");
        }

        return unreadable;
    }

    /// <summary>Distinct blocks that a lineage wrote after a number.</summary>
    public HashSet<long> WrittenAfter(Lineage lineage, long number) =>
        [.. Writes(lineage).Where(w => w.Number > number).SelectMany(w => Blocks(w.Write))];

    private Dictionary<long, ulong> Fold(Lineage lineage)
    {
        var blocks = new Dictionary<long, ulong>();
        foreach (var (_, write) in Writes(lineage))
        {
            foreach (var block in Blocks(write))
            {
                blocks[block] = write.Stamp;
            }
        }

        return blocks;
    }

    private IEnumerable<(long Number, (long First, int Count, ulong Stamp) Write)> Writes(Lineage lineage)
    {
        for (var i = 0; i < lineage.Runs.Count; i++)
        {
            var end = i + 1 < lineage.Runs.Count ? lineage.Runs[i + 1].FirstNumber - 1 : lineage.LastNumber;
            for (var number = lineage.Runs[i].FirstNumber; number <= end; number++)
            {
                yield return (number, _writes[(lineage.Runs[i].RunId, number)]);
            }
        }
    }

    private static IEnumerable<long> Blocks((long First, int Count, ulong Stamp) write)
    {
        for (var i = 0; i < write.Count; i++)
        {
            yield return write.First + i;
        }
    }

    private static byte[] Content(long firstBlock, int count, ulong stamp)
    {
        var bytes = new byte[count * Block];
        var words = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan());
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = i % 2 == 0 ? stamp : (ulong)(firstBlock + (i * sizeof(ulong) / Block));
        }

        return bytes;
    }
}
