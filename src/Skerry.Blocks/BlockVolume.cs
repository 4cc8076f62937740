using System.Security.Cryptography;
using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <summary>
/// One volume of a store. There is one object for each volume, owned by the store: whoever opens it shares it, and nobody needs to
/// dispose it. It takes writes of its own only while a run is open, and follows a primary only while none is.
/// </summary>
/// <remarks>
/// Safe for concurrent use. Changes other than writes (runs, snapshots, properties, size, lineage) are durable when their task
/// completes, and a crash leaves each wholly done or not done at all, in the order in which they were made among the writes.
/// </remarks>
public sealed class BlockVolume : IBlockDevice, IAsyncDisposable
{
    /// <summary>The most bytes that a property may hold.</summary>
    public const int MaxPropertyBytes = 64 << 10;

    private const int MaxNameLength = 255;
    private readonly VolumeState _state;
    private readonly StoreParts _parts;
    private readonly string _name;

    internal BlockVolume(VolumeState state, StoreParts parts)
    {
        (_state, _parts, _name) = (state, parts, $"volume '{state.Id}'");
    }

    public string Id => _state.Id;

    public long SizeBytes => _state.SizeBytes;

    /// <summary>True while no run is open.</summary>
    public bool IsReadOnly => !_state.RunOpen;

    /// <summary>The history of the volume's writes up to the last one acknowledged.</summary>
    public Lineage Lineage => _state.Lineage;

    /// <summary>The last write known to be on stable storage here.</summary>
    public long DurableNumber => _state.DurableNumber;

    /// <summary>Bytes that the head has stored. Snapshots and clones may share them.</summary>
    public long AllocatedBytes => _state.Map.DataBlocks * Sizes.Block;

    /// <summary>
    /// True from the first <see cref="PutAsync"/> until <see cref="AdoptLineageAsync"/> or <see cref="RevertToSnapshotAsync"/>, also over
    /// a restart: the head is then no state that the source was ever in, and can be neither opened for writing, snapshotted nor cloned.
    /// </summary>
    public bool CatchUpUnfinished => _state.CatchingUp;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<SnapshotInfo> Snapshots => [.. _state.Snapshots.Select(snapshot => snapshot.Info)];

    /// <summary>
    /// Makes the volume writable as a new run, durably. Numbers continue from the last write that it has.
    /// </summary>
    /// <param name="generation">Not below that of the last run.</param>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.Refused"/> when a run is open, a catch-up is unfinished, or the generation is too low.
    /// </exception>
    public async ValueTask<RunStart> BeginRunAsync(long generation, CancellationToken cancellationToken)
    {
        var runId = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var run = default(RunStart);
        await ChangeAsync(
            () =>
            {
                RequireFollowable();
                if (_state.LastRun is { } last && generation < last.Generation)
                {
                    throw Refused($"its last run has generation {last.Generation}, which is above {generation}; promote it to a higher one");
                }

                run = new RunStart(generation, runId, _state.LastNumber + 1);
                return new BeginRun(_state.Ordinal, run);
            },
            () => _state.RunOpen = true,
            cancellationToken);
        return run;
    }

    /// <summary>
    /// Ends the run: no write is acknowledged after this returns, and all that were are durable. Writes that wait finish, or fail with
    /// <see cref="BlockError.Closed"/>. Nothing happens when no run is open.
    /// </summary>
    public ValueTask EndRunAsync(CancellationToken cancellationToken) => ChangeAsync(() => null, () => _state.RunOpen = false, cancellationToken);

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Ranges.Require(_name, SizeBytes, offsetBytes, buffer.Length);
        cancellationToken.ThrowIfCancellationRequested();
        RequireThere();
        _parts.Reader.Read(_state.Map, _name, offsetBytes, buffer.Span);
        RequireThere();
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, data.Length, cancellationToken);
        return WriteCutAsync(offsetBytes, data.Length, data, WriteKind.Data, options);
    }

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, lengthBytes, cancellationToken);
        return WriteZeroesCoreAsync(offsetBytes, lengthBytes, options);
    }

    public ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, lengthBytes, cancellationToken);
        return SubmitAsync(NewWrite(offsetBytes, lengthBytes, default, WriteKind.Trim, options));
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireThere();
        _parts.Fault.ThrowIfSet();
        if (_state.LastSequence <= _parts.Flusher.DurableSequence)
        {
            return ValueTask.CompletedTask;
        }

        var flush = _parts.Requests.RentFlush();
        var task = flush.Task;
        _parts.Flusher.Add(flush);
        return task;
    }

    public IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit)
    {
        RequireThere();
        return Ranges.Extents(_name, _state.Map, SizeBytes, offsetBytes, lengthBytes, limit);
    }

    /// <summary>Makes the disk larger, durably; what is new reads as zeroes. To its present size is no change; smaller is refused.</summary>
    /// <param name="newSizeBytes">A multiple of 512.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    public ValueTask ExtendAsync(long newSizeBytes, CancellationToken cancellationToken) => ChangeAsync(
        () =>
        {
            RequireThere();
            StoreParts.RequireSize(newSizeBytes);
            return newSizeBytes < SizeBytes ? throw Refused($"it has {SizeBytes} bytes and cannot shrink to {newSizeBytes}")
                : newSizeBytes == SizeBytes ? null
                : new Extend(_state.Ordinal, newSizeBytes);
        },
        null,
        cancellationToken);

    /// <summary>Keeps a small named value with the volume, of at most <see cref="MaxPropertyBytes"/>. Clones do not take properties over.</summary>
    public ValueTask SetPropertyAsync(string name, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        RequireName(name);
        if (value.Length > MaxPropertyBytes)
        {
            throw new BlockException(BlockError.OutOfRange, $"{_name}: property '{name}' has {value.Length} bytes; the most is {MaxPropertyBytes}");
        }

        return ChangeAsync(() => new SetProperty(_state.Ordinal, name, value.ToArray()), null, cancellationToken);
    }

    /// <summary>Null when there is none of that name.</summary>
    public ReadOnlyMemory<byte>? GetProperty(string name) => _state.Properties.TryGetValue(name, out var value) ? value : default(ReadOnlyMemory<byte>?);

    /// <summary>Nothing happens when there is none of that name.</summary>
    public ValueTask RemovePropertyAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        () => _state.Properties.ContainsKey(name) ? new SetProperty(_state.Ordinal, name, null) : null, null, cancellationToken);

    /// <summary>Takes a snapshot, in constant time: every write acknowledged before the call is in it. Durable, with its data, on return.</summary>
    /// <exception cref="BlockException"><see cref="BlockError.Exists"/>, or <see cref="BlockError.Refused"/> while a catch-up is unfinished.</exception>
    public async ValueTask<SnapshotInfo> CreateSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        SnapshotInfo? made = null;
        await ChangeAsync(() => DecideSnapshot(snapshotId), () => made = _state.Snapshots[^1].Info, cancellationToken);
        return made!;
    }

    /// <summary>Takes a snapshot and opens a tap at the same point: the tap's first write is the first that the snapshot lacks.</summary>
    public async ValueTask<(SnapshotInfo Snapshot, WriteTap Tap)> SnapshotAndTapAsync(
        string snapshotId, long boundBytes, CancellationToken cancellationToken)
    {
        SnapshotInfo? made = null;
        WriteTap? tap = null;
        await ChangeAsync(
            () => DecideSnapshot(snapshotId),
            () => (made, tap) = (_state.Snapshots[^1].Info, AddTap(boundBytes)),
            cancellationToken);
        return (made!, tap!);
    }

    /// <summary>Follows the writes from now on, holding at most <paramref name="boundBytes"/> of them. See <see cref="WriteTap"/>.</summary>
    public async ValueTask<WriteTap> OpenTapAsync(long boundBytes, CancellationToken cancellationToken)
    {
        WriteTap? tap = null;
        await SubmitAsync(
            new ChangeRequest(
                _state,
                () =>
                {
                    RequireThere();
                    return null;
                },
                () => tap = AddTap(boundBytes),
                durable: false,
                mayUseReserve: true),
            cancellationToken);
        return tap!;
    }

    /// <summary>A snapshot as a read-only disk; it fails with <see cref="BlockError.Closed"/> once the snapshot is deleted.</summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>.</exception>
    public IBlockDevice OpenSnapshot(string snapshotId) =>
        new SnapshotDevice($"snapshot '{snapshotId}' of volume '{Id}'", FindSnapshot(snapshotId), _parts.Reader);

    /// <summary>In any order, whatever shares its blocks. Nothing happens when there is none of that name.</summary>
    public ValueTask DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken) => ChangeAsync(
        () =>
        {
            RequireThere();
            return _state.FindSnapshot(snapshotId) is null ? null : new DeleteSnapshot(_state.Ordinal, snapshotId);
        },
        null,
        cancellationToken);

    /// <summary>
    /// Makes the head the snapshot's content and history, so that its position is the snapshot's. Ends an unfinished catch-up. The size
    /// stays; beyond the snapshot's end the disk reads as zeroes.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.NotFound"/>, or <see cref="BlockError.Refused"/> while a run is open.</exception>
    public ValueTask RevertToSnapshotAsync(string snapshotId, CancellationToken cancellationToken) => ChangeAsync(
        () =>
        {
            RequireThere();
            RequireNoRun();
            FindSnapshot(snapshotId);
            return new Revert(_state.Ordinal, snapshotId);
        },
        () => EndTaps(TapEnd.HistoryChanged),
        cancellationToken);

    /// <summary>
    /// Ranges (whole blocks, merged, in order) whose content may differ from what it was at write number <paramref name="number"/>, of the
    /// head or of a snapshot. Never misses one; may name more. A number that can mean several states, because the disk reverted or jumped
    /// in a catch-up, names all ranges: the overload with a lineage is exact. -1 names all ranges. Time follows the change.
    /// </summary>
    public IReadOnlyList<ChangedRange> ChangedSince(long number, string? snapshotId = null) => Changed(number, snapshotId, ofOwnLine: false);

    /// <summary>
    /// Ranges that may have changed here since the last state that this disk (or its snapshot) has in common with
    /// <paramref name="other"/>. Where the other has gone on from that state too, what changed there is the other's to tell.
    /// </summary>
    public IReadOnlyList<ChangedRange> ChangedSince(Lineage other, string? snapshotId = null)
    {
        var own = snapshotId is null ? Lineage : FindSnapshot(snapshotId).Info.Lineage;
        return Changed(Lineage.CommonNumber(own, other), snapshotId, ofOwnLine: true);
    }

    /// <summary>
    /// Appends a primary's writes, in order. The numbers must follow on this volume's last, and <paramref name="run"/> becomes part of
    /// the lineage when its first write is. Not durable until <see cref="FlushAsync"/>; a crash keeps a whole number of writes from the
    /// start of what was not flushed.
    /// </summary>
    /// <exception cref="BlockException">
    /// <see cref="BlockError.Refused"/> when the writes do not follow, a run is open here, or a catch-up is unfinished. The writes before
    /// the one that failed have been applied.
    /// </exception>
    public async ValueTask ApplyAsync(RunStart run, IReadOnlyList<NumberedWrite> writes, CancellationToken cancellationToken)
    {
        if (writes.Count == 0)
        {
            return;
        }

        foreach (var write in writes)
        {
            RequireApplicable(write);
        }

        if (_state.LastRun != run)
        {
            await SubmitAsync(new ChangeRequest(_state, () => DecideRun(run, writes[0].Number), null, durable: false, mayUseReserve: false), cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var waiting = new ValueTask[writes.Count];
        for (var i = 0; i < writes.Count; i++)
        {
            var write = writes[i];
            var request = NewRequest(write.OffsetBytes, write.LengthBytes, write.Data, write.Kind, Place.Hole, wholeEnd: true);
            (request.Number, request.AppliedRun) = (write.Number, run);
            waiting[i] = SubmitAsync(request);
        }

        await AllAsync(waiting);
    }

    /// <summary>
    /// Puts blocks of a catch-up in place, outside of history: the lineage stays. <paramref name="number"/> is the position that the
    /// catch-up will reach. Not durable until <see cref="AdoptLineageAsync"/> or a flush.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.Refused"/> while a run is open.</exception>
    public ValueTask PutAsync(long offsetBytes, ReadOnlyMemory<byte> data, long number, CancellationToken cancellationToken)
    {
        RequirePuttable(offsetBytes, data.Length, number, cancellationToken);
        if (data.Length <= MaxWriteBytes)
        {
            return SubmitAsync(PutRequest(offsetBytes, data.Length, data, WriteKind.Data, number));
        }

        var waiting = new List<ValueTask>();
        for (var done = 0; done < data.Length; done += MaxWriteBytes)
        {
            var part = data.Slice(done, Math.Min(MaxWriteBytes, data.Length - done));
            waiting.Add(SubmitAsync(PutRequest(offsetBytes + done, part.Length, part, WriteKind.Data, number)));
        }

        return AllAsync(waiting);
    }

    /// <summary>As <see cref="PutAsync"/>, for whole blocks that are a hole at the source; only the source's end may cut the last one short.</summary>
    public ValueTask PutHoleAsync(long offsetBytes, long lengthBytes, long number, CancellationToken cancellationToken)
    {
        RequirePuttable(offsetBytes, lengthBytes, number, cancellationToken);
        if (offsetBytes % Sizes.Block != 0)
        {
            throw new BlockException(BlockError.OutOfRange, $"{_name}: a hole at byte {offsetBytes} does not begin at a block");
        }

        return SubmitAsync(PutRequest(offsetBytes, lengthBytes, default, WriteKind.Trim, number));
    }

    /// <summary>
    /// Ends a catch-up: in one step, and durably with all that was put before, the volume's history becomes the source's.
    /// </summary>
    /// <exception cref="BlockException"><see cref="BlockError.Refused"/> while a run is open, or when the lineage is none.</exception>
    public ValueTask AdoptLineageAsync(Lineage lineage, CancellationToken cancellationToken)
    {
        if (lineage.Fault() is { } fault)
        {
            throw Refused($"the lineage to adopt is none: {fault}");
        }

        return ChangeAsync(
            () =>
            {
                RequireThere();
                RequireNoRun();
                return new AdoptLineage(_state.Ordinal, lineage);
            },
            () => EndTaps(TapEnd.HistoryChanged),
            cancellationToken);
    }

    /// <summary>Ends the run, if one is open. The volume itself stays usable for as long as its store is open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_state.RunOpen && !_state.Deleted)
        {
            await EndRunAsync(CancellationToken.None);
        }
    }

    internal VolumeState State => _state;

    internal void EndTaps(TapEnd end)
    {
        foreach (var tap in _state.Taps)
        {
            tap.Finish(end);
        }

        _state.Taps = [];
    }

    private int MaxWriteBytes => _parts.Writer.MaxWriteBlocks * Sizes.Block;

    private static async ValueTask AllAsync(IReadOnlyList<ValueTask> tasks)
    {
        Exception? first = null;
        foreach (var task in tasks)
        {
            try
            {
                await task;
            }
            catch (BlockException e)
            {
                first ??= e;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    private BlockException Refused(string why) => new(BlockError.Refused, $"{_name}: {why}");

    private void RequireThere()
    {
        if (_state.Deleted)
        {
            throw new BlockException(BlockError.Closed, $"{_name} was deleted");
        }
    }

    private void RequireNoRun()
    {
        if (_state.RunOpen)
        {
            throw Refused("it is open for writing; end the run first");
        }
    }

    private void RequireFollowable()
    {
        RequireThere();
        RequireNoRun();
        RequireWhole();
    }

    private void RequireWhole()
    {
        if (_state.CatchingUp)
        {
            throw Refused("a catch-up is unfinished; finish it, or revert to a snapshot");
        }
    }

    private void RequireWritable(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Ranges.Require(_name, SizeBytes, offsetBytes, lengthBytes);
        RequireThere();
        _parts.Fault.ThrowIfSet();
        if (!_state.RunOpen)
        {
            throw new BlockException(BlockError.ReadOnly, $"{_name} is not open for writing; promote it, or write to its primary");
        }
    }

    private void RequirePuttable(long offsetBytes, long lengthBytes, long number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Ranges.Require(_name, SizeBytes, offsetBytes, lengthBytes);
        RequireThere();
        ArgumentOutOfRangeException.ThrowIfNegative(number);
    }

    private void RequireApplicable(NumberedWrite write)
    {
        Ranges.Require(_name, SizeBytes, write.OffsetBytes, write.LengthBytes);
        if (write.LengthBytes == 0 || (write.Kind == WriteKind.Data ? write.Data.Length != write.LengthBytes : !write.Data.IsEmpty)
            || write.Data.Length > MaxWriteBytes)
        {
            throw new BlockException(
                BlockError.OutOfRange, $"{_name}: write {write.Number} has {write.Data.Length} bytes of data for a range of {write.LengthBytes}; the most is {MaxWriteBytes}");
        }
    }

    private void RequireName(string name)
    {
        if (name.Length is 0 or > MaxNameLength)
        {
            throw new BlockException(BlockError.OutOfRange, $"{_name}: a name has 1 to {MaxNameLength} characters, not {name.Length}");
        }
    }

    private Snapshot FindSnapshot(string snapshotId) => _state.FindSnapshot(snapshotId)
        ?? throw new BlockException(BlockError.NotFound, $"{_name} has no snapshot '{snapshotId}'");

    private CreateSnapshot DecideSnapshot(string snapshotId)
    {
        RequireName(snapshotId);
        RequireThere();
        RequireWhole();
        return _state.FindSnapshot(snapshotId) is null
            ? new CreateSnapshot(_state.Ordinal, snapshotId, _parts.Time.GetUtcNow())
            : throw new BlockException(BlockError.Exists, $"{_name} has a snapshot '{snapshotId}' already");
    }

    private BeginRun? DecideRun(RunStart run, long firstNumber)
    {
        RequireFollowable();
        if (_state.LastRun == run)
        {
            return null;
        }

        return run.FirstNumber == _state.LastNumber + 1 && firstNumber == run.FirstNumber && !(_state.LastRun?.Generation > run.Generation)
            ? new BeginRun(_state.Ordinal, run)
            : throw Refused($"it is at {Lineage} and cannot follow into run {run.RunId:x16}, generation {run.Generation}, from number {run.FirstNumber}; catch up from what they have in common");
    }

    private WriteTap AddTap(long boundBytes)
    {
        var tap = new WriteTap(_state, boundBytes, _parts.Time);
        _state.Taps = [.. _state.Taps.Where(other => other.End == TapEnd.None), tap];
        return tap;
    }

    private IReadOnlyList<ChangedRange> Changed(long number, string? snapshotId, bool ofOwnLine)
    {
        RequireThere();
        if (snapshotId is null)
        {
            return Ranges.Changed(_state.Map, SizeBytes, Ranges.Reliable(_state.Forks, number, _state.LastNumber, ofOwnLine));
        }

        var snapshot = FindSnapshot(snapshotId);
        return Ranges.Changed(
            snapshot.Map, snapshot.Info.SizeBytes, Ranges.Reliable(snapshot.Forks, number, snapshot.Info.Lineage.LastNumber, ofOwnLine));
    }

    private WriteRequest NewRequest(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, Place zeroes, bool wholeEnd)
    {
        var request = _parts.Requests.RentWrite();
        request.Prepare(_state, offsetBytes, lengthBytes, data, kind, zeroes, wholeEnd);
        return request;
    }

    private WriteRequest NewWrite(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, WriteOptions options)
    {
        var zeroes = (options & WriteOptions.KeepAllocated) != 0 ? Place.Zeroes : Place.Hole;
        var request = NewRequest(offsetBytes, lengthBytes, data, kind, zeroes, wholeEnd: false);
        request.ForceUnitAccess = (options & WriteOptions.ForceUnitAccess) != 0;
        return request;
    }

    private WriteRequest PutRequest(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, long number)
    {
        var request = NewRequest(offsetBytes, lengthBytes, data, kind, Place.Hole, wholeEnd: true);
        (request.Number, request.OutsideHistory) = (number, true);
        return request;
    }

    private ValueTask WriteCutAsync(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, WriteOptions options)
    {
        if (lengthBytes <= MaxWriteBytes)
        {
            return SubmitAsync(NewWrite(offsetBytes, lengthBytes, data, kind, options));
        }

        var waiting = new List<ValueTask>();
        for (var done = 0; done < data.Length; done += MaxWriteBytes)
        {
            var part = data.Slice(done, Math.Min(MaxWriteBytes, data.Length - done));
            waiting.Add(SubmitAsync(NewWrite(offsetBytes + done, part.Length, part, kind, options)));
        }

        return AllAsync(waiting);
    }

    /// <summary>The blocks that are only touched become data writes, since they hold other bytes too.</summary>
    private async ValueTask WriteZeroesCoreAsync(long offsetBytes, long lengthBytes, WriteOptions options)
    {
        var end = offsetBytes + lengthBytes;
        var wholeFrom = Sizes.BlocksFor(offsetBytes) * Sizes.Block;
        var wholeTo = end == SizeBytes ? end : end / Sizes.Block * Sizes.Block;
        var kind = (options & WriteOptions.KeepAllocated) != 0 ? WriteKind.Zeroes : WriteKind.Trim;
        if (wholeFrom >= wholeTo)
        {
            await WriteCutAsync(offsetBytes, lengthBytes, new byte[lengthBytes], WriteKind.Data, options);
            return;
        }

        await AllAsync(
        [
            WriteCutAsync(offsetBytes, wholeFrom - offsetBytes, new byte[wholeFrom - offsetBytes], WriteKind.Data, options),
            SubmitAsync(NewWrite(wholeFrom, wholeTo - wholeFrom, default, kind, options)),
            WriteCutAsync(wholeTo, end - wholeTo, new byte[end - wholeTo], WriteKind.Data, options),
        ]);
    }

    private ValueTask SubmitAsync(WriteRequest request)
    {
        if (request.PieceCount == 0 && !request.HasEdges)
        {
            // A trim of less than a block, or an empty write: nothing changes, and no number is spent.
            var flush = request.ForceUnitAccess;
            request.Discard();
            return flush ? FlushAsync(CancellationToken.None) : ValueTask.CompletedTask;
        }

        var task = request.Task;
        _parts.Writer.Submit(request);
        return task;
    }

    private ValueTask ChangeAsync(Func<Change?> decide, Action? applied, CancellationToken cancellationToken) =>
        SubmitAsync(new ChangeRequest(_state, decide, applied, durable: true, mayUseReserve: true), cancellationToken);

    private async ValueTask SubmitAsync(ChangeRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var task = request.Task;
        _parts.Writer.Submit(request);
        await task;
    }
}
