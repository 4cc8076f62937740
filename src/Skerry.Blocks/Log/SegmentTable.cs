using System.Collections.Concurrent;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>The files of the log by number, and the room that they take.</summary>
internal sealed class SegmentTable(
    IBackingStorage storage, StoreIdentity identity, SegmentSupply supply, long capacityBytes, int reserveSegments, long sumsCacheBytes) : IDisposable
{
    private readonly ConcurrentDictionary<long, Segment> _segments = new();
    private readonly SumsCache _sums = new(sumsCacheBytes);
    private long _punchedBlocks;

    public int SegmentBlocks { get; } = identity.SegmentBytes / Sizes.Block;

    public long SegmentBytes => identity.SegmentBytes;

    /// <summary>Raised each time that dead places are about to be given back: whoever read across it reads again.</summary>
    public long ReclaimEpoch => Volatile.Read(ref _reclaimEpoch);

    private long _reclaimEpoch;

    public long NextId => supply.NextId;

    public long AllocatedBytes => (_segments.Count * SegmentBytes) - (Volatile.Read(ref _punchedBlocks) * Sizes.Block);

    public IReadOnlyList<Segment> InOrder() => [.. _segments.Values.OrderBy(segment => segment.Id)];

    public Segment? Find(long id) => _segments.GetValueOrDefault(id);

    /// <summary>
    /// Opens what is there. The checksums of segments that the checkpoint knows are stored with it; later ones get theirs by replay.
    /// </summary>
    public void Load(Checkpoint checkpoint)
    {
        var nextId = checkpoint.NextSegment;
        var unsaved = checkpoint.IsOutdated ? 0 : checkpoint.Segment > 0 ? checkpoint.Segment + 1 : nextId;
        var names = storage.List();
        foreach (var name in names)
        {
            if (Segment.IdOf(name) is { } id)
            {
                _segments[id] = NewSegment(id, storage.Open(name), sumsAreStored: id < unsaved);
                nextId = Math.Max(nextId, id + 1);
            }
        }

        foreach (var name in names)
        {
            if (Sums.IdOf(name) is { } id && !_segments.ContainsKey(id))
            {
                storage.Delete(name);
            }
        }

        supply.NextId = nextId;
        supply.MayGrow = () => FreeBytes(0) >= SegmentBytes;
        supply.Load(names);
    }

    /// <summary>Makes the checksums of all blocks durable that are in the log now.</summary>
    public void SaveSums()
    {
        var made = false;
        foreach (var segment in InOrder())
        {
            if (segment.Sums.IsDirty)
            {
                made |= segment.Sums.Save();
            }
        }

        if (made)
        {
            storage.SyncNames();
        }
    }

    /// <summary>
    /// A new segment, durable as a name. Null when that would go beyond the capacity, or into the reserve without the right to.
    /// </summary>
    public Segment? Add(bool mayUseReserve) =>
        FreeBytes(mayUseReserve ? 0 : reserveSegments) >= SegmentBytes && supply.Take() is { } taken
            ? _segments[taken.Id] = NewSegment(taken.Id, taken.File, sumsAreStored: false)
            : null;

    /// <summary>The log will soon need another segment.</summary>
    public void Prepare(bool zeroes) => supply.Ask(zeroes);

    public StoreSpace Space()
    {
        var (total, _) = storage.Space();
        return new StoreSpace(
            capacityBytes == 0 ? total : Math.Min(capacityBytes, total), Math.Max(0, FreeBytes(reserveSegments)), AllocatedBytes);
    }

    /// <summary>What the bytes at a place must be. False when its file is gone.</summary>
    public bool TryReadSum(Place place, out uint crc, out byte[] seal)
    {
        Span<uint> sum = stackalloc uint[1];
        seal = new byte[Sums.SealBytes];
        if (Find(place.Segment) is not { } segment)
        {
            crc = 0;
            return false;
        }

        segment.Sums.Read(place.Block, sum);
        segment.Sums.ReadSeals(place.Block, seal);
        crc = sum[0];
        return true;
    }

    /// <summary>
    /// Writes the bytes that a place held, and must hold, over what has become of them, durably. False when the place's file was given back
    /// meanwhile.
    /// </summary>
    /// <exception cref="BackingSyncException">What the file holds is not known any more.</exception>
    public bool PutBack(Place place, byte[] bytes)
    {
        if (Find(place.Segment) is not { } segment)
        {
            return false;
        }

        lock (segment.Mending)
        {
            if (Find(place.Segment) != segment)
            {
                return false;
            }

            segment.File.Write((long)place.Block * Sizes.Block, bytes);
            try
            {
                segment.File.Sync();
            }
            catch (IOException e)
            {
                throw new BackingSyncException(e.Message, e);
            }

            return true;
        }
    }

    public void BeginReclaim() => Interlocked.Increment(ref _reclaimEpoch);

    public void CountPunched(Segment segment, int blocks)
    {
        segment.PunchedCount += blocks;
        Interlocked.Add(ref _punchedBlocks, blocks);
    }

    /// <summary>Drops a segment that nothing refers to. Its number is not used again.</summary>
    public void Remove(Segment segment)
    {
        if (_segments.TryRemove(segment.Id, out _))
        {
            // Whoever puts a block back finishes first, or finds the segment gone: its file may be used anew from here on.
            lock (segment.Mending)
            {
            }

            Interlocked.Add(ref _punchedBlocks, -segment.PunchedCount);
            segment.Sums.Delete();
            supply.Give(Segment.NameOf(segment.Id), segment.File, segment.PunchedCount > 0);
        }
    }

    public void Dispose()
    {
        foreach (var segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    private Segment NewSegment(long id, IBackingFile file, bool sumsAreStored) =>
        new(id, file, SegmentBlocks, new Sums(storage, _sums, identity.StoreId, id, file, SegmentBlocks, sumsAreStored));

    private long FreeBytes(int reserved)
    {
        var held = supply.Held * SegmentBytes;
        var free = storage.Space().FreeBytes;
        if (capacityBytes > 0)
        {
            free = Math.Min(free, capacityBytes - AllocatedBytes - held);
        }

        return free + held - (reserved * SegmentBytes);
    }
}
