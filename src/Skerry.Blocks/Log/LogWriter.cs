using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// The one writer of a store's log. Whoever submits takes the turn, one thread at a time, and carries out all that is queued: what
/// arrived meanwhile shares a record. So there is one order of all writes and changes, and only this class alters maps and volumes.
/// </summary>
/// <remarks>
/// A write becomes visible to readers when its record is in the file, and is completed after that; durability is the flusher's. Nothing
/// is handed to another thread: who has waited for the turn mostly finds its own work done by the one before.
/// </remarks>
internal sealed class LogWriter(
    StoreState state, SegmentTable segments, BlockReader reader, Flusher flusher, StoreFault fault, LogPosition position)
{
    private const int StagedBytes = 256 << 10;
    private readonly Lock _queueLock = new();
    private readonly Lock _turn = new();
    private readonly List<WriteRequest> _record = [];
    private readonly List<WriteRequest> _waiting = [];
    private readonly RecordBuilder _builder = new(StagedBytes);
    private readonly ZeroAhead _zeroes = new();
    private List<LogRequest> _queue = [], _draining = [];
    private bool _closed, _askedForNext;
    private bool _resumes, _admitsWaiting;
    private long _userBytes;
    private long _recordBlocks;
    private int _recordEntryBytes;
    private long _recordSerial = 1;
    private Action<VolumeState, long, Memory<byte>>? _readBlock;

    /// <summary>Called when data finds no room, with no record half done; true when it is worth another try.</summary>
    public Func<bool>? Reclaim { get; set; }

    /// <summary>Called after each round of work, so that the store can tell when a checkpoint is due.</summary>
    public Action? Progressed { get; set; }

    /// <summary>Called after each segment that was taken, or could not be.</summary>
    public Action? RoomTaken { get; set; }

    /// <summary>
    /// Asked when data finds no room: true when somebody is making some. The writes then wait, and all data after them, until
    /// <see cref="Resume"/>; changes go on meanwhile.
    /// </summary>
    public Func<bool>? MayWait { get; set; }

    public LogPosition Position => position;

    /// <summary>Bytes of data that writes brought, zeroes and what was refused left out.</summary>
    public long UserBytes => Volatile.Read(ref _userBytes);

    /// <summary>The most data blocks that one write may carry.</summary>
    public int MaxWriteBlocks { get; } = Math.Min(1024, segments.SegmentBlocks / 4);

    /// <summary>
    /// Carries a request out, after all that was queued before it: on return it is done, but for becoming durable. Waits for the turn,
    /// so whoever holds what <see cref="Reclaim"/> needs must not submit. What is submitted within a request follows it.
    /// </summary>
    public void Submit(LogRequest request)
    {
        Enqueue(request);
        CarryOut();
    }

    /// <summary>Queues a request; <see cref="CarryOut"/>, by anyone, has it done.</summary>
    public void Enqueue(LogRequest request)
    {
        lock (_queueLock)
        {
            if (!_closed)
            {
                _queue.Add(request);
                return;
            }
        }

        request.Fail(new BlockException(BlockError.Closed, "the block store is closed"));
    }

    /// <summary>On return, all that was queued before the call is done, but for becoming durable.</summary>
    /// <param name="mayWait">Also syncs for those who wait to be durable, on this thread, where that is quick.</param>
    public void CarryOut(bool mayWait = false)
    {
        if (_turn.IsHeldByCurrentThread)
        {
            return;
        }

        lock (_turn)
        {
            while (TakeQueue())
            {
                Drain();
                _draining.Clear();
                Progressed?.Invoke();
            }
        }

        if (!mayWait || !flusher.TryServeHere())
        {
            flusher.Wake();
        }
    }

    /// <summary>
    /// Takes the turn, so that no write gets a number until <see cref="ReturnTurn"/>, by the same thread. What is submitted meanwhile
    /// waits for the next <see cref="CarryOut"/>. False when the turn was not to be had in time.
    /// </summary>
    public bool TryTakeTurn(TimeSpan limit) => _turn.TryEnter(limit);

    public void ReturnTurn() => _turn.Exit();

    /// <summary>What is submitted from now on fails; what was submitted before is carried out, and finds its files open.</summary>
    public void Close()
    {
        lock (_queueLock)
        {
            _closed = true;
        }

        MayWait = null;
        Resume();
    }

    private bool TakeQueue()
    {
        lock (_queueLock)
        {
            (_queue, _draining) = (_draining, _queue);
            (_admitsWaiting, _resumes) = (_resumes, false);
            return _admitsWaiting || _draining.Count > 0;
        }
    }

    /// <summary>There is room, or there will be none: writes that wait for it are carried out in their order, or fail.</summary>
    public void Resume()
    {
        lock (_queueLock)
        {
            _resumes = true;
        }

        CarryOut();
    }

    private void AdmitWaiting()
    {
        var waited = _waiting.ToArray();
        _waiting.Clear();
        foreach (var write in waited)
        {
            Admit(write);
        }
    }

    private void Drain()
    {
        if (_admitsWaiting)
        {
            AdmitWaiting();
        }

        foreach (var request in _draining)
        {
            if (request is WriteRequest write)
            {
                Admit(write);
            }
            else
            {
                FlushRecord();
                Run((ChangeRequest)request);
            }
        }

        FlushRecord();
    }

    private void Admit(WriteRequest write)
    {
        try
        {
            fault.ThrowIfSet();
            if (write.HasEdges && IsInRecord(write))
            {
                FlushRecord();
            }

            if (_waiting.Count > 0)
            {
                // Behind those, since they were first: what it leaves of a block, and its number, depend on them.
                _waiting.Add(write);
                return;
            }

            if (write.HasEdges)
            {
                write.AddEdges(_readBlock ??= ReadBlock);
            }

            if (_record.Count > 0 && (_recordBlocks + write.DataBlocks > MaxWriteBlocks || _recordEntryBytes + write.EntryBytes > StagedBytes / 4))
            {
                FlushRecord();
                if (_waiting.Count > 0)
                {
                    _waiting.Add(write);
                    return;
                }
            }

            GiveNumber(write);
            _record.Add(write);
            _recordBlocks += write.DataBlocks;
            _recordEntryBytes += write.EntryBytes;
        }
        catch (Exception e)
        {
            write.Fail(e);
        }
    }

    private void GiveNumber(WriteRequest write)
    {
        var volume = write.Volume;
        if (volume.Deleted)
        {
            throw Closed(volume, "was deleted");
        }

        if (write.EndBlock > volume.Blocks)
        {
            throw new BlockException(BlockError.OutOfRange, $"volume '{volume.Id}' ends at byte {volume.SizeBytes}, before the end of the write");
        }

        if (write.OutsideHistory)
        {
            RequireNoRun(volume);

            // Above all numbers of the history that it disturbs: until a lineage is adopted, the block differs from each state in it.
            write.Number = Math.Max(write.Number, volume.LastNumber + 1);
            return;
        }

        var next = (volume.PlannedIn == _recordSerial ? volume.PlannedNumber : volume.LastNumber) + 1;
        if (write.AppliedRun is { } run)
        {
            RequireNoRun(volume);
            if (volume.CatchingUp || volume.LastRun != run || write.Number != next)
            {
                throw new BlockException(
                    BlockError.Refused,
                    $"volume '{volume.Id}' is at {volume.Lineage} and cannot take write {write.Number} of run {run.RunId:x16}; catch up from what they have in common");
            }
        }
        else if (!volume.RunOpen)
        {
            throw Closed(volume, "was closed for writing");
        }

        write.Number = next;
        (volume.PlannedIn, volume.PlannedNumber) = (_recordSerial, next);
    }

    private static void RequireNoRun(VolumeState volume)
    {
        if (volume.RunOpen)
        {
            throw new BlockException(BlockError.Refused, $"volume '{volume.Id}' is open for its own writes; end the run before it follows another");
        }
    }

    private static BlockException Closed(VolumeState volume, string why) => new(BlockError.Closed, $"volume '{volume.Id}' {why}");

    private bool IsInRecord(WriteRequest write)
    {
        foreach (var other in _record)
        {
            if (other.Volume == write.Volume && other.FirstBlock < write.EndBlock && write.FirstBlock < other.EndBlock)
            {
                return true;
            }
        }

        return false;
    }

    private void ReadBlock(VolumeState volume, long block, Memory<byte> into) =>
        reader.ReadBlocks(volume.Map, volume.Cipher, volume.Label, block, into.Span);

    /// <summary>Writes the record that has come together, makes its writes visible and completes them.</summary>
    private void FlushRecord()
    {
        if (_record.Count == 0)
        {
            return;
        }

        try
        {
            var place = Append(_recordBlocks == 0 ? RoomFor.Trim : RoomFor.Data, (_recordEntryBytes, (int)_recordBlocks), change: null);
            foreach (var write in _record)
            {
                place = Show(write, place);
            }

            Volatile.Write(ref _userBytes, _userBytes + (_recordBlocks * Sizes.Block));
            Published();
        }
        catch (BlockException e) when (e.Error == BlockError.NoSpace && MayWait?.Invoke() == true)
        {
            _waiting.AddRange(_record);
        }
        catch (Exception e)
        {
            var failure = AsFault(e);
            foreach (var write in _record)
            {
                write.Fail(failure);
            }
        }
        finally
        {
            _record.Clear();
            _recordSerial++;
            (_recordBlocks, _recordEntryBytes) = (0, 0);
        }
    }

    private void Run(ChangeRequest request)
    {
        try
        {
            fault.ThrowIfSet();
            if (request.Decide() is { } change)
            {
                var bytes = ChangeCodec.Encode(change);
                Append(request.MayUseReserve ? RoomFor.Change : RoomFor.Data, (EntryCodec.BytesFor(bytes), 0), bytes);
                if (change is Moved moved)
                {
                    segments.Apply(moved.Segments);
                }
                else
                {
                    state.Apply(change);
                }

                if (state.ByOrdinal.TryGetValue(change.Volume, out var volume))
                {
                    volume.LastSequence = position.Sequence;
                    flusher.Written(volume);
                }
            }

            request.Applied();
            if (request.Durable)
            {
                flusher.AddQuietly(request);
            }
            else
            {
                request.Complete();
            }
        }
        catch (Exception e)
        {
            request.Fail(AsFault(e));
        }
    }

    /// <summary>What nobody foresaw may have left log and maps apart: then nothing more is written until the log is read again.</summary>
    private BlockException AsFault(Exception e) => e as BlockException ?? fault.Set("carry out a change", e);

    /// <summary>Puts one record at the end of the log, of the change or else of the writes that came together; answers where its data begins.</summary>
    private Place Append(RoomFor what, (int EntryBytes, int DataBlocks) size, byte[]? change)
    {
        fault.ThrowIfSet();
        var headerBlocks = RecordHeader.HeaderBlocksFor(size.EntryBytes);
        var blocks = headerBlocks + size.DataBlocks;
        if (blocks > segments.SegmentBlocks)
        {
            throw new BlockException(BlockError.Refused, $"a change of {blocks} blocks does not fit a segment of {segments.SegmentBlocks}; make it smaller");
        }

        MakeRoom(blocks, what);
        var segment = position.Active!;
        var header = new RecordHeader(
            position.StoreId, segment.Id, position.NextBlock, headerBlocks, size.DataBlocks, position.Sequence + 1, flusher.DurableSequence,
            position.Opening, position.PriorOpening, size.EntryBytes);
        _builder.Begin(headerBlocks);
        if (change is not null)
        {
            _builder.Add(change);
        }
        else
        {
            foreach (var write in _record)
            {
                _builder.Add(write);
            }
        }

        _zeroes.Reached(segment, position.NextBlock + blocks, flusher.Syncs);
        try
        {
            // Nobody reads a replica while it follows.
            _builder.WriteTo(
                segment.File, header, isReadSoon: change is not null || !_record.TrueForAll(static w => w.OutsideHistory || w.AppliedRun is not null));
        }
        catch (IOException e)
        {
            throw fault.Set($"write to {Segment.NameOf(segment.Id)}", e);
        }

        var place = Place.At(segment.Id, position.NextBlock + headerBlocks);
        position.Advance(blocks);
        if (!_askedForNext && position.NextBlock >= segments.SegmentBlocks / 4)
        {
            _askedForNext = true;
            segments.Prepare();
        }

        flusher.Written(segment, position.Sequence);
        return place;
    }

    private void MakeRoom(int blocks, RoomFor what)
    {
        if (position.Active is { } active && position.NextBlock + blocks <= active.Blocks)
        {
            return;
        }

        Segment? segment;
        try
        {
            segment = segments.Add(what) ?? ((what == RoomFor.Change || MayWait is null) && Reclaim?.Invoke() == true ? segments.Add(what) : null);
        }
        catch (IOException e)
        {
            throw fault.Set("make a segment", e);
        }

        RoomTaken?.Invoke();
        _askedForNext = false;
        position.Open(segment ?? throw new BlockException(
            BlockError.NoSpace, "the block store is full; delete volumes or snapshots, or give it more room, then write again"));
    }

    private Place Show(WriteRequest write, Place place)
    {
        var volume = write.Volume;
        for (var i = 0; i < write.PieceCount; i++)
        {
            var piece = write.PieceAt(i);
            if (piece.IsData)
            {
                var crcs = write.CrcsOf(piece);

                // Before the map: who finds the place finds the checksum.
                position.Active!.Sums.Set(place.Block, crcs);
                if (piece.IsSealed)
                {
                    position.Active!.Sums.SetSeals(place.Block, write.SealsOf(piece));
                }

                volume.Map.Write(piece.FirstBlock, place, crcs.Length, write.Number);
                place = place.Next(crcs.Length);
            }
            else
            {
                volume.Map.WriteZeroes(piece.FirstBlock, piece.Blocks, piece.Zeroes, write.Number);
            }
        }

        if (write.OutsideHistory)
        {
            volume.Disturb(write.Number);
        }
        else
        {
            volume.Advance(write.Number);
        }

        return place;
    }

    private void Published()
    {
        VolumeState? last = null;
        foreach (var write in _record)
        {
            var volume = write.Volume;
            if (volume != last)
            {
                volume.LastSequence = position.Sequence;
                flusher.Written(volume);
                last = volume;
            }

            foreach (var tap in volume.Taps)
            {
                tap.Take(volume.LastRun!.Value, write);
            }
        }

        foreach (var write in _record)
        {
            if (write.ForceUnitAccess)
            {
                flusher.AddQuietly(write);
            }
            else
            {
                write.Complete();
            }
        }
    }
}
