using Skerry.Blocks.Encryption;
using Skerry.Blocks.Integrity;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>Where the log was found to end.</summary>
/// <param name="Sequence">The last whole record.</param>
/// <param name="Opening">The opening of the store that wrote it.</param>
/// <param name="Segment">The segment in which the log can go on at <paramref name="Block"/>; null when it has to begin a new one.</param>
/// <param name="Touched">Segments with records that were read again: they may not be on stable storage yet.</param>
/// <param name="Unused">Segments behind the end that hold no record: made ready by an earlier opening, and not needed then.</param>
internal readonly record struct LogEnd(
    long Sequence, ulong Opening, Segment? Segment, int Block, IReadOnlyList<Segment> Touched, IReadOnlyList<Segment> Unused);

/// <summary>
/// Reads the log again from a checkpoint on. The next record is the one with the next number that the same opening of the store wrote,
/// or with which a later opening says that it goes on: so nothing that an earlier recovery cut can come back.
/// </summary>
/// <remarks>
/// <para>
/// Where two records could be next, the one of a later opening is: that opening found the other torn, and went on without it.
/// </para>
/// <para>
/// The log is cut at the first record that is not whole, unless something says that the record was durable once: then it has rotted,
/// and it is an error, never an end. Its data may be bad, since each block is proved when it is read; its header may not.
/// </para>
/// </remarks>
internal sealed class LogReplay(IBackingStorage storage, SegmentTable segments, StoreState state, ulong storeId, Durable marked)
{
    private const int ScanBlocks = 256;
    private readonly byte[] _scan = new byte[ScanBlocks * Sizes.Block];
    private readonly List<Segment> _touched = [];
    private readonly Dictionary<(long Sequence, ulong PriorOpening), Segment> _takenUp = [];
    private readonly Dictionary<(long Sequence, ulong Opening), Segment> _continued = [];
    private readonly DurableEvidence _evidence = new(marked);
    private byte[] _header = new byte[Sizes.Block];
    private long _firstUnknown;

    public LogEnd Replay(Checkpoint from)
    {
        var (sequence, opening) = (from.Sequence, from.Opening);
        var segment = segments.Find(from.Segment);
        var block = from.Block;
        _evidence.Add(new Durable(from.Sequence, from.Opening));
        ReadFirstHeaders(from.Segment);

        // Older ones may lack records because their headers are dead, and were given back; the data can live all the same.
        _firstUnknown = from.Segment > 0 ? from.Segment + 1 : from.NextSegment;
        while (true)
        {
            var (inSegment, at) = _takenUp.TryGetValue((sequence + 1, opening), out var later) ? (later, 0) : (segment, block);
            var found = inSegment is null ? null : ReadAt(inSegment, at, sequence + 1, opening);
            if (found is null && _continued.TryGetValue((sequence + 1, opening), out later))
            {
                (inSegment, at) = (later, 0);
                found = ReadAt(inSegment, at, sequence + 1, opening);
            }

            if (found is not null)
            {
                (segment, block) = (inSegment, at);
            }

            if (found is not { } header || !IsWhole(segment!, header))
            {
                return End(segment, block, sequence, opening, segment?.Id ?? from.Segment);
            }

            if (header.Sequence == marked.Sequence && marked.Opening != 0 && header.Opening != marked.Opening)
            {
                // What a recovery cut stands where its successor, which was durable, should: that one's first header is gone.
                return End(segment, block, sequence, opening, segment!.Id);
            }

            Apply(segment!, header);
            (sequence, opening) = (sequence + 1, header.Opening);
            block += header.TotalBlocks;
            _evidence.Add(header);
        }
    }

    private LogEnd End(Segment? segment, int block, long sequence, ulong opening, long segmentId)
    {
        var cleanTail = true;
        var unused = new List<Segment>();
        foreach (var other in segments.InOrder())
        {
            if (other.Id >= segmentId)
            {
                var any = Scan(other, other.Id == segmentId ? block : 0);
                cleanTail &= !any;
                if (other.Id > segmentId && other.Id >= _firstUnknown && !any)
                {
                    unused.Add(other);
                }
            }
        }

        if (_evidence.Highest > sequence)
        {
            var where = segment is null ? $"{storage.Name}: the log after record {sequence}" : $"{storage.Name}/{Segment.NameOf(segment.Id)}, byte {(long)block * Sizes.Block} on";
            throw new BlockException(
                BlockError.Corrupt,
                $"{where}: record {sequence + 1} is damaged or missing, though records up to {_evidence.Highest} had been made durable. Nothing is cut off; restore the file from a copy, or the volumes from their replicas")
            {
                Damage = segment is null ? null : new BlockDamage(0, 0, Segment.NameOf(segment.Id), (long)block * Sizes.Block),
            };
        }

        var resume = cleanTail && segment is not null && block < segment.Blocks;
        return new LogEnd(sequence, opening, resume ? segment : null, resume ? block : 0, _touched, unused);
    }

    private RecordHeader? ReadAt(Segment segment, int block, long sequence, ulong opening) =>
        ReadHeader(segment, block) is { } header && header.Sequence == sequence
        && (header.Opening == opening || (header.PriorOpening != 0 && header.PriorOpening == opening))
            ? header
            : null;

    /// <summary>A sound header that stands here, kept in the buffer until the next one is read.</summary>
    private RecordHeader? ReadHeader(Segment segment, int block)
    {
        if (block >= segment.Blocks)
        {
            return null;
        }

        var first = _header.AsSpan(0, Sizes.Block);
        Read(segment, block, first);
        if (!RecordHeader.TryRead(first, storeId, segment.Id, block, segment.Blocks, out var header))
        {
            return null;
        }

        var bytes = header.HeaderBlocks * Sizes.Block;
        if (bytes > _header.Length)
        {
            Array.Resize(ref _header, bytes);
        }

        Read(segment, block, _header.AsSpan(0, bytes));
        if (!RecordHeader.IsSound(_header.AsSpan(0, bytes)))
        {
            return null;
        }

        RecordHeader.RequireKnownVersion(_header, $"{storage.Name}/{Segment.NameOf(segment.Id)}");
        return header;
    }

    /// <summary>Finds where the log may go on in a new segment. Of several the newest counts, so that what it cut stays cut.</summary>
    private void ReadFirstHeaders(long after)
    {
        foreach (var segment in segments.InOrder())
        {
            if (segment.Id > after && ReadHeader(segment, 0) is { } header)
            {
                _continued[(header.Sequence, header.Opening)] = segment;
                _evidence.Add(header);
                if (header.PriorOpening != 0)
                {
                    _takenUp[(header.Sequence, header.PriorOpening)] = segment;
                }
            }
        }
    }

    /// <summary>True when the data is all there, or was durable once, so that what is wrong with it is rot and stays an error of its blocks.</summary>
    private bool IsWhole(Segment segment, RecordHeader header)
    {
        if (_evidence.Covers(header) || DataIsSound(segment, header))
        {
            return true;
        }

        foreach (var other in segments.InOrder())
        {
            if (other.Id >= segment.Id)
            {
                Scan(other, other.Id == segment.Id ? header.Block + header.TotalBlocks : 0);
            }
        }

        return _evidence.Covers(header);
    }

    private bool DataIsSound(Segment segment, RecordHeader header)
    {
        var block = header.Block + header.HeaderBlocks;
        var entries = EntriesOf(header);
        while (entries.Length > 0)
        {
            var entry = EntryCodec.Read(ref entries);
            for (var i = 0; entry.Kind == EntryKind.Data && i < entry.Blocks;)
            {
                var count = (int)Math.Min(ScanBlocks, entry.Blocks - i);
                Read(segment, block, _scan.AsSpan(0, count * Sizes.Block));
                for (var k = 0; k < count; k++)
                {
                    if (Crc32C.Of(_scan.AsSpan(k * Sizes.Block, Sizes.Block)) != entry.CrcAt(i + k))
                    {
                        return false;
                    }
                }

                i += count;
                block += count;
            }
        }

        return true;
    }

    private void Apply(Segment segment, RecordHeader header)
    {
        if (_touched.Count == 0 || _touched[^1] != segment)
        {
            _touched.Add(segment);
        }

        var place = Place.At(segment.Id, header.Block + header.HeaderBlocks);
        var entries = EntriesOf(header);
        while (entries.Length > 0)
        {
            var entry = EntryCodec.Read(ref entries);
            if (entry.Kind == EntryKind.Change)
            {
                var change = ChangeCodec.Decode(entry.Body);
                if (change is Moved moved)
                {
                    segments.Apply(moved.Segments);
                }
                else
                {
                    state.Apply(change);
                }

                continue;
            }

            if (!state.ByOrdinal.TryGetValue(entry.Volume, out var volume))
            {
                throw new BlockException(
                    BlockError.Corrupt, $"{storage.Name}/{Segment.NameOf(segment.Id)}: record {header.Sequence} writes to volume number {entry.Volume}, which does not exist");
            }

            if (entry.Kind == EntryKind.Zeroes)
            {
                volume.Map.WriteZeroes(entry.FirstBlock, entry.Blocks, entry.Zeroes, entry.Number);
            }
            else
            {
                segment.Sums.Set(place.Block, entry.Crcs);
                if (entry.IsSealed)
                {
                    var seals = new byte[(int)entry.Blocks * Seal.Bytes];
                    entry.CopySeals(0, seals);
                    segment.Sums.SetSeals(place.Block, seals);
                }

                volume.Map.Write(entry.FirstBlock, place, (int)entry.Blocks, entry.Number);
                place = place.Next((int)entry.Blocks);
            }

            if (entry.OutsideHistory)
            {
                volume.Disturb(entry.Number);
            }
            else
            {
                volume.Advance(entry.Number);
            }
        }
    }

    /// <summary>Notes what the sound headers from this block on say of what was durable. True when there is any, or the beginning of one.</summary>
    /// <remarks>
    /// What is left of a torn header must not be written over: a new header of which only some sectors arrive could make it whole, and
    /// bring a record back that was cut.
    /// </remarks>
    private bool Scan(Segment segment, int fromBlock)
    {
        var any = false;
        for (var at = fromBlock; at < segment.Blocks; at += ScanBlocks)
        {
            var count = Math.Min(ScanBlocks, segment.Blocks - at);
            Read(segment, at, _scan.AsSpan(0, count * Sizes.Block));
            for (var k = 0; k < count; k++)
            {
                if (!RecordHeader.TryRead(_scan.AsSpan(k * Sizes.Block, Sizes.Block), storeId, segment.Id, at + k, segment.Blocks, out var header))
                {
                    continue;
                }

                any = true;
                var bytes = new byte[header.HeaderBlocks * Sizes.Block];
                Read(segment, at + k, bytes);
                if (RecordHeader.IsSound(bytes))
                {
                    _evidence.Add(header);
                }
            }
        }

        return any;
    }

    private ReadOnlySpan<byte> EntriesOf(RecordHeader header) => _header.AsSpan(RecordHeader.Bytes, header.EntryBytes);

    private void Read(Segment segment, int block, Span<byte> into)
    {
        try
        {
            segment.File.Read((long)block * Sizes.Block, into);
        }
        catch (IOException e)
        {
            // Not an end of the log: what cannot be read now may be whole.
            throw new BlockException(
                BlockError.Io, $"{storage.Name}/{Segment.NameOf(segment.Id)} cannot be read at byte {(long)block * Sizes.Block}: {e.Message}. Check the disk, then open the store again", e);
        }
    }
}
