using System.Collections;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Integrity;

/// <summary>A block that could not be read as it was written.</summary>
/// <param name="Snapshot">Null for the head.</param>
internal readonly record struct BadBlock(VolumeState Volume, Snapshot? Snapshot, BlockException Fault)
{
    public BlockDamage Damage => Fault.Damage!;
}

/// <summary>One step of a verification.</summary>
internal readonly record struct VerifiedChunk(int Bytes, IReadOnlyList<BadBlock> Bad);

/// <summary>
/// Reads every live block of some volumes and their snapshots and proves it, each place once, however many maps share it. A bad place
/// is read for each map that needs it, so that every range that is lost is named.
/// </summary>
/// <remarks>Takes no lock and freezes no map: what is written meanwhile is not part of it.</remarks>
internal sealed class Verification(BlockReader reader, IReadOnlyList<VolumeState> volumes)
{
    private const int ChunkBlocks = 128;
    private readonly Dictionary<long, BitArray> _sound = [];
    private readonly byte[] _buffer = new byte[ChunkBlocks * Sizes.Block];
    private readonly MapEntry[] _entries = new MapEntry[ChunkBlocks];

    /// <summary>What the heads hold: what snapshots hold beside it is not known before it is met.</summary>
    public long AboutBytes { get; } = volumes.Sum(volume => volume.Map.DataBlocks) * Sizes.Block;

    /// <summary>Lazily, so that whoever drives it sets the pace.</summary>
    public IEnumerable<VerifiedChunk> Steps()
    {
        foreach (var volume in volumes)
        {
            // Snapshots first: they never change, so a place that is marked sound here was looked up and read as one.
            foreach (var snapshot in volume.Snapshots)
            {
                foreach (var chunk in Steps(volume, snapshot))
                {
                    yield return chunk;
                }
            }

            foreach (var chunk in Steps(volume, null))
            {
                yield return chunk;
            }
        }
    }

    private IEnumerable<VerifiedChunk> Steps(VolumeState volume, Snapshot? snapshot)
    {
        var end = Sizes.BlocksFor(snapshot?.Info.SizeBytes ?? volume.SizeBytes);
        for (var first = 0L; first < end && !IsGone(volume, snapshot);)
        {
            var map = snapshot?.Map ?? volume.Map;
            var (dataFrom, next) = NextData(map, first, end);
            if (dataFrom >= end)
            {
                yield break;
            }

            var count = (int)Math.Min(ChunkBlocks, next - dataFrom);
            var chunk = Verify(volume, snapshot, map, dataFrom, count);
            if (chunk.Bytes > 0 || chunk.Bad.Count > 0)
            {
                yield return chunk;
            }

            first = dataFrom + count;
        }
    }

    /// <summary>The first block from here on that holds data, and the end of what is worth reading with it.</summary>
    private static (long From, long To) NextData(BlockMap map, long first, long end)
    {
        var from = end;
        foreach (var (at, count, place) in map.Stretches(first, end))
        {
            if (from == end)
            {
                from = place.ReadsAsZeroes ? end : at;
            }
            else if (place.ReadsAsZeroes || at - from >= ChunkBlocks)
            {
                return (from, at);
            }
        }

        return (from, end);
    }

    private VerifiedChunk Verify(VolumeState volume, Snapshot? snapshot, BlockMap map, long first, int count)
    {
        var entries = _entries.AsSpan(0, count);
        map.Read(first, entries);
        var bytes = 0;
        List<BadBlock>? bad = null;
        for (var i = 0; i < count;)
        {
            if (entries[i].Place.ReadsAsZeroes || IsSound(entries[i].Place))
            {
                i++;
                continue;
            }

            var run = 1;
            while (i + run < count && !entries[i + run].Place.ReadsAsZeroes && !IsSound(entries[i + run].Place))
            {
                run++;
            }

            bytes += run * Sizes.Block;
            if (Fault(volume, snapshot, map, first + i, run) is null)
            {
                MarkSound(entries.Slice(i, run));
            }
            else
            {
                for (var k = i; k < i + run; k++)
                {
                    if (Fault(volume, snapshot, map, first + k, 1) is not { } fault)
                    {
                        MarkSound(entries.Slice(k, 1));
                    }
                    else if (!IsGone(volume, snapshot))
                    {
                        (bad ??= []).Add(new BadBlock(volume, snapshot, fault));
                    }
                }
            }

            i += run;
        }

        return new VerifiedChunk(bytes, bad ?? []);
    }

    private BlockException? Fault(VolumeState volume, Snapshot? snapshot, BlockMap map, long first, int count)
    {
        var name = snapshot is null ? $"volume '{volume.Id}'" : $"snapshot '{snapshot.Info.Id}' of volume '{volume.Id}'";
        while (true)
        {
            try
            {
                // An encrypted volume whose key is here is proved by its seals too; without the key its checksums still are.
                reader.ReadBlocks(map, volume.Cipher, name, first, _buffer.AsSpan(0, count * Sizes.Block));
                return null;
            }
            catch (BlockException e) when (e.Damage is not null)
            {
                if (snapshot is not null || ReferenceEquals(volume.Map, map))
                {
                    return e;
                }

                // The volume was returned to a snapshot: what its head was before may be gone from the disk.
                map = volume.Map;
            }
        }
    }

    private static bool IsGone(VolumeState volume, Snapshot? snapshot) => volume.Deleted || snapshot is { Deleted: true };

    private bool IsSound(Place place) => _sound.TryGetValue(place.Segment, out var blocks) && place.Block < blocks.Length && blocks[place.Block];

    private void MarkSound(ReadOnlySpan<MapEntry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            if (!_sound.TryGetValue(entry.Place.Segment, out var blocks))
            {
                _sound[entry.Place.Segment] = blocks = new BitArray(entry.Place.Block + 1);
            }

            if (blocks.Length <= entry.Place.Block)
            {
                blocks.Length = Math.Max(entry.Place.Block + 1, blocks.Length * 2);
            }

            blocks[entry.Place.Block] = true;
        }
    }
}
