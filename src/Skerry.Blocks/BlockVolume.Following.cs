using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>Following a primary: its writes in order, or a catch-up that ends in its history.</content>
public sealed partial class BlockVolume
{
    /// <summary>
    /// True from the first <see cref="PutAsync(long, ReadOnlyMemory{byte}, long, CancellationToken)"/> until <see cref="AdoptLineageAsync"/> or <see cref="RevertToSnapshotAsync"/>, also over
    /// a restart: the head is then no state that the source was ever in, and can be neither opened for writing, snapshotted nor cloned.
    /// </summary>
    public bool CatchUpUnfinished => _state.CatchingUp;

    /// <inheritdoc/>
    public bool IsPressed
    {
        get
        {
            foreach (var tap in _state.Taps)
            {
                if (tap.IsPressing)
                {
                    return true;
                }
            }

            return false;
        }
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

        RequireKey();
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
        try
        {
            for (var i = 0; i < writes.Count; i++)
            {
                var write = writes[i];
                var request = NewRequest(write.OffsetBytes, write.LengthBytes, write.Data, write.Kind, Place.Hole, wholeEnd: true);
                (request.Number, request.AppliedRun) = (write.Number, run);
                waiting[i] = SubmitAsync(request, WriteOptions.MoreFollows);
            }
        }
        finally
        {
            // What came together shares a record; a record of its own would cost each small write a block more.
            _parts.Writer.CarryOut();
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

    /// <summary>As <see cref="PutAsync(long, ReadOnlyMemory{byte}, long, CancellationToken)"/>, for several places at once: they share records.</summary>
    public ValueTask PutAsync(IReadOnlyList<BlockPut> puts, long number, CancellationToken cancellationToken)
    {
        foreach (var put in puts)
        {
            RequirePuttable(put.OffsetBytes, put.Data.Length, number, cancellationToken);
        }

        var waiting = new List<ValueTask>(puts.Count);
        try
        {
            foreach (var put in puts)
            {
                for (var done = 0; done < put.Data.Length; done += MaxWriteBytes)
                {
                    var part = put.Data.Slice(done, Math.Min(MaxWriteBytes, put.Data.Length - done));
                    waiting.Add(SubmitAsync(
                        PutRequest(put.OffsetBytes + done, part.Length, part, WriteKind.Data, number), WriteOptions.MoreFollows));
                }
            }
        }
        finally
        {
            _parts.Writer.CarryOut();
        }

        return AllAsync(waiting);
    }

    /// <summary>As <see cref="PutAsync(long, ReadOnlyMemory{byte}, long, CancellationToken)"/>, for whole blocks that are a hole at the source; only the source's end may cut the last one short.</summary>
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

    private void RequirePuttable(long offsetBytes, long lengthBytes, long number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Ranges.Require(_name, SizeBytes, offsetBytes, lengthBytes);
        RequireThere();
        RequireKey();
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

    private WriteRequest PutRequest(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, long number)
    {
        var request = NewRequest(offsetBytes, lengthBytes, data, kind, Place.Hole, wholeEnd: true);
        (request.Number, request.OutsideHistory) = (number, true);
        return request;
    }
}
