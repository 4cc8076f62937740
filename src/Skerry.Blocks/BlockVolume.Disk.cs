using Skerry.Blocks.Log;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks;

/// <content>The head as a disk.</content>
public sealed partial class BlockVolume
{
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Ranges.Require(_name, SizeBytes, offsetBytes, buffer.Length);
        cancellationToken.ThrowIfCancellationRequested();
        RequireThere();
        RequireKey();
        try
        {
            _parts.Reader.Read(_state.Map, _state.Cipher, _name, offsetBytes, buffer.Span);
        }
        catch (BlockException e) when (e.Damage is not null && _parts.Healing.Healer is not null)
        {
            return _parts.Healing.ReadAgainAsync(_state, null, _name, offsetBytes, buffer, cancellationToken);
        }

        RequireThere();
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, data.Length, cancellationToken);
        return GateOfWrite(options) is { } gate
            ? WriteDataGated(gate, offsetBytes, data, options, cancellationToken)
            : WriteCutAsync(offsetBytes, data.Length, data, WriteKind.Data, options);
    }

    public ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, lengthBytes, cancellationToken);
        return GateOfWrite(options) is { } gate
            ? WriteZeroesGated(gate, offsetBytes, lengthBytes, options, cancellationToken)
            : WriteZeroesCutAsync(offsetBytes, lengthBytes, options);
    }

    private ValueTask WriteZeroesCutAsync(long offsetBytes, long lengthBytes, WriteOptions options)
    {
        var end = offsetBytes + lengthBytes;
        var freed = Math.Min(lengthBytes, AllocatedBytes);
        var task = offsetBytes % Sizes.Block == 0 && (end % Sizes.Block == 0 || end == SizeBytes)
            ? SubmitAsync(NewWrite(offsetBytes, lengthBytes, default, KindOfZeroes(options), options), options)
            : WriteRaggedZeroesAsync(offsetBytes, lengthBytes, options);
        _parts.Cleaner.Freed(freed);
        return task;
    }

    public ValueTask TrimAsync(long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken)
    {
        RequireWritable(offsetBytes, lengthBytes, cancellationToken);
        return GateOfWrite(options) is { } gate
            ? TrimGated(gate, offsetBytes, lengthBytes, options, cancellationToken)
            : TrimCutAsync(offsetBytes, lengthBytes, options);
    }

    private ValueTask TrimCutAsync(long offsetBytes, long lengthBytes, WriteOptions options)
    {
        var freed = Math.Min(lengthBytes, AllocatedBytes);
        var task = SubmitAsync(NewWrite(offsetBytes, lengthBytes, default, WriteKind.Trim, options), options);
        _parts.Cleaner.Freed(freed);
        return task;
    }

    public void CarryOut(bool mayWait) => _parts.Writer.CarryOut(mayWait);

    public ValueTask FlushAsync(CancellationToken cancellationToken) => GateOfFlush() is { } gate
        ? FlushGatedAsync(gate, FlushHereAsync(cancellationToken), _state.LastNumber, _state.LastRun, cancellationToken)
        : FlushHereAsync(cancellationToken);

    public ValueTask BeginFlush(CancellationToken cancellationToken) => GateOfFlush() is { } gate
        ? FlushGatedAsync(gate, BeginFlushHere(cancellationToken), _state.LastNumber, _state.LastRun, cancellationToken)
        : BeginFlushHere(cancellationToken);

    /// <summary>
    /// Makes everything that was carried out durable here. For whoever replicates the volume: it promises nothing to a writer, so it
    /// waits for no gate, as which it would wait for itself.
    /// </summary>
    public ValueTask FlushHereAsync(CancellationToken cancellationToken)
    {
        var flush = BeginFlushHere(cancellationToken);
        if (!flush.IsCompleted)
        {
            _parts.Flusher.Wake();
        }

        return flush;
    }

    private ValueTask BeginFlushHere(CancellationToken cancellationToken)
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
        _parts.Flusher.AddQuietly(flush);
        return task;
    }

    public IReadOnlyList<BlockExtent> Extents(long offsetBytes, long lengthBytes, int limit)
    {
        RequireThere();
        return Ranges.Extents(_name, _state.Map, SizeBytes, offsetBytes, lengthBytes, limit);
    }

    private void RequireWritable(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Ranges.Require(_name, SizeBytes, offsetBytes, lengthBytes);
        RequireThere();
        RequireKey();
        _parts.Fault.ThrowIfSet();
        if (!_state.RunOpen)
        {
            throw new BlockException(BlockError.ReadOnly, $"{_name} is not open for writing; promote it, or write to its primary");
        }
    }

    private static WriteKind KindOfZeroes(WriteOptions options) =>
        (options & WriteOptions.KeepAllocated) != 0 ? WriteKind.Zeroes : WriteKind.Trim;

    private WriteRequest NewWrite(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, WriteOptions options)
    {
        var zeroes = (options & WriteOptions.KeepAllocated) != 0 ? Place.Zeroes : Place.Hole;
        var request = NewRequest(offsetBytes, lengthBytes, data, kind, zeroes, wholeEnd: false);
        request.ForceUnitAccess = (options & WriteOptions.ForceUnitAccess) != 0;
        return request;
    }

    private ValueTask WriteCutAsync(long offsetBytes, long lengthBytes, ReadOnlyMemory<byte> data, WriteKind kind, WriteOptions options)
    {
        if (lengthBytes <= MaxWriteBytes)
        {
            return SubmitAsync(NewWrite(offsetBytes, lengthBytes, data, kind, options), options);
        }

        var waiting = new List<ValueTask>();
        for (var done = 0; done < data.Length; done += MaxWriteBytes)
        {
            var part = data.Slice(done, Math.Min(MaxWriteBytes, data.Length - done));
            waiting.Add(SubmitAsync(NewWrite(offsetBytes + done, part.Length, part, kind, options), options));
        }

        return AllAsync(waiting);
    }

    /// <summary>The blocks that are only touched become data writes, since they hold other bytes too.</summary>
    private async ValueTask WriteRaggedZeroesAsync(long offsetBytes, long lengthBytes, WriteOptions options)
    {
        var end = offsetBytes + lengthBytes;
        var wholeFrom = Sizes.BlocksFor(offsetBytes) * Sizes.Block;
        var wholeTo = end == SizeBytes ? end : end / Sizes.Block * Sizes.Block;
        if (wholeFrom >= wholeTo)
        {
            await WriteCutAsync(offsetBytes, lengthBytes, new byte[lengthBytes], WriteKind.Data, options);
            return;
        }

        await AllAsync(
        [
            WriteCutAsync(offsetBytes, wholeFrom - offsetBytes, new byte[wholeFrom - offsetBytes], WriteKind.Data, options),
            SubmitAsync(NewWrite(wholeFrom, wholeTo - wholeFrom, default, KindOfZeroes(options), options), options),
            WriteCutAsync(wholeTo, end - wholeTo, new byte[end - wholeTo], WriteKind.Data, options),
        ]);
    }
}
