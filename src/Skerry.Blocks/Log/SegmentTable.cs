using System.Collections.Concurrent;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>The files of the log by number, and the room that they take.</summary>
internal sealed class SegmentTable(
    IBackingStorage storage, StoreIdentity identity, SegmentSupply supply, long capacityBytes, int reserveSegments, long sumsCacheBytes) : IDisposable
{
    private readonly ConcurrentDictionary<long, Segment> _segments = new();
    private readonly ConcurrentDictionary<long, Segment> _packs = new();
    private const int LeastSpares = 6, SharePerSpares = 8;
    private const long MostSpareBytes = 1L << 30;

    private readonly SumsCache _sums = new(sumsCacheBytes);
    private long _punchedBlocks;

    public int SegmentBlocks { get; } = identity.SegmentBytes / Sizes.Block;

    public long SegmentBytes => identity.SegmentBytes;

    /// <summary>Raised each time that dead places are about to be given back: whoever read across it reads again.</summary>
    public long ReclaimEpoch => Volatile.Read(ref _reclaimEpoch);

    private long _reclaimEpoch;

    public long NextId => supply.NextId;

    /// <summary>Where the blocks of each segment are.</summary>
    public PlaceTable Places { get; } = new();

    /// <summary>Held by whoever gives space back.</summary>
    public Lock Reclaiming { get; } = new();

    public long AllocatedBytes => ((_segments.Count + _packs.Count) * SegmentBytes) - (Volatile.Read(ref _punchedBlocks) * Sizes.Block);

    /// <summary>All files, in no order.</summary>
    public IEnumerable<Segment> Files => _segments.Values.Concat(_packs.Values);

    /// <summary>The log.</summary>
    public IReadOnlyList<Segment> InOrder() => [.. _segments.Values.OrderBy(segment => segment.Id)];

    /// <summary>A file of the log, whether places still lead there or not.</summary>
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
                _segments[id] = NewSegment(id, isPack: false, storage.Open(name), sumsAreStored: id < unsaved, isFresh: true);
                Places.Set(PlacedSegment.Unmoved(_segments[id]));
                nextId = Math.Max(nextId, id + 1);
            }
            else if (Segment.PackIdOf(name) is { } packId)
            {
                _packs[packId] = NewSegment(packId, isPack: true, storage.Open(name), sumsAreStored: true);
                nextId = Math.Max(nextId, packId + 1);
            }
        }

        if (checkpoint.Sections.FirstOrDefault(section => section.Name == PlaceTable.SectionName) is { } section)
        {
            Apply(PlaceTable.Decode(section.Bytes()));
        }

        foreach (var name in names)
        {
            if (Sums.IdOf(name) is { } id && !_segments.ContainsKey(id) && !_packs.ContainsKey(id))
            {
                storage.Delete(name);
            }
        }

        supply.NextId = nextId;
        supply.MayGrow = () => FreeBytes(0) >= SegmentBytes;
        supply.Load(names);
    }

    /// <summary>Once the log was read again, and is durable: packs that were not finished, and files that were emptied into one, are given up.</summary>
    /// <param name="endSegment">Segments from here on belong to the log still.</param>
    public void RemoveAbandoned(long endSegment)
    {
        var used = Places.All().Select(placed => placed.File).ToHashSet();
        foreach (var file in Files.Where(file => !used.Contains(file) && (file.IsPack || file.Id < endSegment)).ToList())
        {
            Remove(file);
        }
    }

    /// <summary>The log writer's, and replay's: places of these segments lead elsewhere from now on.</summary>
    public void Apply(IReadOnlyList<PlacedSegment> moved)
    {
        foreach (var placed in moved)
        {
            Places.Set(placed with { File = _packs.GetValueOrDefault(placed.FileId) });
        }
    }

    /// <summary>Makes the checksums of all blocks durable that are in the log now.</summary>
    public void SaveSums()
    {
        var made = false;
        foreach (var segment in Files)
        {
            if (segment.Sums.IsDirty && !segment.InMotion)
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
    public Segment? Add(RoomFor what)
    {
        if (FreeBytes(ReserveFor(what)) < SegmentBytes || supply.Take() is not { } taken)
        {
            return null;
        }

        var segment = _segments[taken.Id] = NewSegment(taken.Id, isPack: false, taken.File, sumsAreStored: false, taken.IsFresh);
        Places.Set(PlacedSegment.Unmoved(segment));
        return segment;
    }

    /// <summary>A new pack, to be filled. Null when there is no room.</summary>
    /// <param name="logHasRoom">Whether the log can name it without another segment.</param>
    public Segment? AddPack(bool logHasRoom) =>
        FreeBytes(logHasRoom ? 0 : ReserveFor(RoomFor.Cleaning)) >= SegmentBytes && supply.Take(Segment.PackExtension) is { } taken
            ? _packs[taken.Id] = NewSegment(taken.Id, isPack: true, taken.File, sumsAreStored: false)
            : null;

    /// <summary>The log will soon need another segment.</summary>
    public void Prepare() => supply.Ask();

    /// <summary>
    /// Freed files are kept for so much log, up to an eighth of all room and 1 GiB: a file that is made anew costs several times what it
    /// holds, in pages to be found and blocks to be noted as written.
    /// </summary>
    public void KeepSpares(long bytes) =>
        supply.MostSpares = (int)Math.Max(LeastSpares, Math.Min(Math.Min(bytes, MostSpareBytes), TotalBytes / SharePerSpares) / SegmentBytes);

    /// <param name="mark">The latest, if any.</param>
    /// <param name="deadBytes">What it found dead.</param>
    /// <param name="isExhausted">Whether cleaning has found that it can give nothing back.</param>
    public StoreSpace Space(Mark? mark, long deadBytes, bool isExhausted)
    {
        var (total, _) = storage.Space();
        var allocated = AllocatedBytes;
        var free = FreeBytes(reserveSegments) + (isExhausted ? 0 : deadBytes);

        // Room comes in whole segments: less than one is none.
        return new StoreSpace(capacityBytes == 0 ? total : Math.Min(capacityBytes, total), free < SegmentBytes ? 0 : free, allocated)
        {
            LiveBytes = mark?.LiveBytes ?? 0,
            DeadBytes = deadBytes,
            SpareBytes = supply.Held * SegmentBytes,
        };
    }

    /// <summary>What the bytes at a place must be. False when its file is gone.</summary>
    public bool TryReadSum(Place place, out uint crc, out byte[] seal)
    {
        Span<uint> sum = stackalloc uint[1];
        seal = new byte[Sums.SealBytes];
        if (Places.Find(place.Segment) is not { File: { } file } placed || placed.Find(place.Block) is not (var at and >= 0))
        {
            crc = 0;
            return false;
        }

        file.Sums.Read(at, sum);
        file.Sums.ReadSeals(at, seal);
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
        if (Places.Find(place.Segment) is not { File: { } file } placed || placed.Find(place.Block) is not (var at and >= 0))
        {
            return false;
        }

        lock (file.Mending)
        {
            if (Places.Find(place.Segment) != placed)
            {
                return false;
            }

            file.File.Write((long)at * Sizes.Block, bytes);
            try
            {
                file.File.Sync();
            }
            catch (IOException e)
            {
                throw new BackingSyncException(e.Message, e);
            }

            return true;
        }
    }

    public void BeginReclaim() => Interlocked.Increment(ref _reclaimEpoch);

    /// <summary>Gives the room of dead blocks back. False where the file system cannot.</summary>
    public bool Punch(Segment file, int first, int count)
    {
        if (!file.File.Punch((long)first * Sizes.Block, (long)count * Sizes.Block))
        {
            return false;
        }

        var fresh = 0;
        for (var block = first; block < first + count; block++)
        {
            fresh += file.PunchedBlocks[block] ? 0 : 1;
            file.PunchedBlocks[block] = true;
        }

        file.PunchedCount += fresh;
        Interlocked.Add(ref _punchedBlocks, fresh);
        return true;
    }

    /// <summary>Drops a file that nothing refers to. Its number is not used again.</summary>
    public void Remove(Segment segment)
    {
        if (segment.IsPack ? _packs.TryRemove(segment.Id, out _) : _segments.TryRemove(segment.Id, out _))
        {
            // Whoever puts a block back finishes first, or finds the segment gone: its file may be used anew from here on.
            lock (segment.Mending)
            {
            }

            Interlocked.Add(ref _punchedBlocks, -segment.PunchedCount);
            segment.Sums.Delete();
            supply.Give(segment.Name, segment.File, segment.PunchedCount > 0);
        }
    }

    public void Dispose()
    {
        foreach (var segment in Files)
        {
            segment.Dispose();
        }
    }

    private int ReserveFor(RoomFor what) => what switch
    {
        RoomFor.Data => reserveSegments,
        RoomFor.Trim => Math.Min(2, reserveSegments),
        RoomFor.Cleaning => 1,
        _ => 0,
    };

    private Segment NewSegment(long id, bool isPack, IBackingFile file, bool sumsAreStored, bool isFresh = false) =>
        new(id, isPack, file, SegmentBlocks, new Sums(storage, _sums, identity.StoreId, id, file, SegmentBlocks, sumsAreStored)) { IsFresh = isFresh };

    /// <summary>Whether data would get another segment.</summary>
    public bool HasRoomForData => FreeBytes() >= SegmentBytes;

    /// <summary>Gives a file that is held for later back to the file system. False when there is none.</summary>
    public bool GiveUpSpare() => supply.Shrink();

    /// <summary>Room for data, in bytes; below 0 when the reserve is in use.</summary>
    public long FreeBytes() => FreeBytes(reserveSegments);

    /// <summary>All that files of blocks may ever take.</summary>
    public long TotalBytes => Math.Min(
        capacityBytes == 0 ? long.MaxValue : capacityBytes, storage.Space().FreeBytes + AllocatedBytes + (supply.Held * SegmentBytes));

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
