using System.Collections.Concurrent;

namespace Skerry.Blocks.Log;

/// <summary>The files of the log by number, and the room that they take.</summary>
internal sealed class SegmentTable(IBackingStorage storage, int segmentBytes, long capacityBytes, int reserveSegments) : IDisposable
{
    private readonly ConcurrentDictionary<long, Segment> _segments = new();
    private readonly Lock _allocation = new();
    private long _nextId = 1;
    private long _punchedBlocks;

    public int SegmentBlocks { get; } = segmentBytes / Sizes.Block;

    public long SegmentBytes => segmentBytes;

    /// <summary>Raised each time that dead places are about to be given back: whoever read across it reads again.</summary>
    public long ReclaimEpoch => Volatile.Read(ref _reclaimEpoch);

    private long _reclaimEpoch;

    public long NextId => Volatile.Read(ref _nextId);

    public long AllocatedBytes => (_segments.Count * SegmentBytes) - (Volatile.Read(ref _punchedBlocks) * Sizes.Block);

    public IReadOnlyList<Segment> InOrder() => [.. _segments.Values.OrderBy(segment => segment.Id)];

    public Segment? Find(long id) => _segments.GetValueOrDefault(id);

    /// <summary>Opens what is there.</summary>
    public void Load(long nextId)
    {
        foreach (var name in storage.List())
        {
            if (Segment.IdOf(name) is { } id)
            {
                var file = storage.Open(name);
                _segments[id] = new Segment(id, file, SegmentBlocks);
                nextId = Math.Max(nextId, id + 1);
            }
        }

        Volatile.Write(ref _nextId, nextId);
    }

    /// <summary>
    /// A new segment, durable as a name. Null when that would go beyond the capacity, or into the reserve without the right to.
    /// </summary>
    public Segment? Add(bool mayUseReserve)
    {
        lock (_allocation)
        {
            if (FreeBytes(mayUseReserve ? 0 : reserveSegments) < SegmentBytes)
            {
                return null;
            }

            var id = _nextId;
            try
            {
                var file = storage.Create(Segment.NameOf(id), SegmentBytes);
                storage.SyncNames();
                Volatile.Write(ref _nextId, id + 1);
                return _segments[id] = new Segment(id, file, SegmentBlocks);
            }
            catch (BackingFullException)
            {
                return null;
            }
        }
    }

    public StoreSpace Space()
    {
        var (total, _) = storage.Space();
        return new StoreSpace(
            capacityBytes == 0 ? total : Math.Min(capacityBytes, total), Math.Max(0, FreeBytes(reserveSegments)), AllocatedBytes);
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
            Interlocked.Add(ref _punchedBlocks, -segment.PunchedCount);
            segment.Dispose();
            storage.Delete(Segment.NameOf(segment.Id));
        }
    }

    public void Dispose()
    {
        foreach (var segment in _segments.Values)
        {
            segment.Dispose();
        }
    }

    private long FreeBytes(int reserved)
    {
        var free = storage.Space().FreeBytes;
        if (capacityBytes > 0)
        {
            free = Math.Min(free, capacityBytes - AllocatedBytes);
        }

        return free - (reserved * SegmentBytes);
    }
}
