namespace Skerry.Blocks;

/// <content>What acknowledgements wait for beyond this store.</content>
public sealed partial class BlockVolume
{
    private IAcknowledgementGate? _gate;

    /// <summary>
    /// Asked before writes of a run and their flushes are acknowledged; null for nobody. It stays over the end of a run, and concerns
    /// only volumes that are open for writing. What was begun before it was set is not held to it; a change of the volume that is
    /// made afterwards (a property, say) completes after all of that.
    /// </summary>
    public IAcknowledgementGate? Gate
    {
        get => Volatile.Read(ref _gate);
        set => Volatile.Write(ref _gate, value);
    }

    private IAcknowledgementGate? GateOfWrite(WriteOptions options) =>
        Volatile.Read(ref _gate) is { } gate && (gate.HoldsWrites || (options & WriteOptions.ForceUnitAccess) != 0) ? gate : null;

    private IAcknowledgementGate? GateOfFlush() => _state.RunOpen ? Volatile.Read(ref _gate) : null;

    // Methods of their own, since what a lambda captures is allocated where the method begins: a volume without a gate pays nothing.
    private ValueTask WriteDataGated(
        IAcknowledgementGate gate, long offsetBytes, ReadOnlyMemory<byte> data, WriteOptions options, CancellationToken cancellationToken) =>
        WriteGatedAsync(gate, options, o => WriteCutAsync(offsetBytes, data.Length, data, WriteKind.Data, o), cancellationToken);

    private ValueTask WriteZeroesGated(
        IAcknowledgementGate gate, long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
        WriteGatedAsync(gate, options, o => WriteZeroesCutAsync(offsetBytes, lengthBytes, o), cancellationToken);

    private ValueTask TrimGated(
        IAcknowledgementGate gate, long offsetBytes, long lengthBytes, WriteOptions options, CancellationToken cancellationToken) =>
        WriteGatedAsync(gate, options, o => TrimCutAsync(offsetBytes, lengthBytes, o), cancellationToken);

    /// <summary>Begins the write when it may be acknowledged, and completes when it still may.</summary>
    /// <remarks>
    /// A write that is kept waiting before it was begun leaves no trace if the right never comes back. One that forces unit access is a
    /// write and a flush, so that the two sites' syncs run side by side.
    /// </remarks>
    private async ValueTask WriteGatedAsync(
        IAcknowledgementGate gate, WriteOptions options, Func<WriteOptions, ValueTask> write, CancellationToken cancellationToken)
    {
        var run = _state.LastRun;
        while (gate.HoldsWrites && !gate.MayAcknowledge)
        {
            // Whoever batches is not there any more when this goes on.
            options &= ~WriteOptions.MoreFollows;
            await gate.UntilMayAcknowledgeAsync(cancellationToken);
            RequireRun(run);
        }

        await write(options & ~WriteOptions.ForceUnitAccess);
        if ((options & WriteOptions.ForceUnitAccess) != 0)
        {
            await FlushGatedAsync(gate, FlushHereAsync(cancellationToken), _state.LastNumber, run, cancellationToken);
            return;
        }

        await PassAsync(gate, run, cancellationToken);
    }

    private async ValueTask FlushGatedAsync(
        IAcknowledgementGate gate, ValueTask here, long number, RunStart? run, CancellationToken cancellationToken)
    {
        var there = gate.DurableAsync(number, cancellationToken);
        try
        {
            await here;
        }
        catch
        {
            // Its own outcome is of no more interest, but it has to be looked at.
            _ = there.AsTask().ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }

        await there;
        await PassAsync(gate, run, cancellationToken);
    }

    /// <summary>The last thing before an acknowledgement.</summary>
    private async ValueTask PassAsync(IAcknowledgementGate gate, RunStart? run, CancellationToken cancellationToken)
    {
        RequireRun(run);
        while (gate.HoldsWrites && !gate.MayAcknowledge)
        {
            await gate.UntilMayAcknowledgeAsync(cancellationToken);
            RequireRun(run);
        }
    }

    private void RequireRun(RunStart? run)
    {
        if (!_state.RunOpen || _state.LastRun != run)
        {
            throw new BlockException(BlockError.Closed, $"{_name} was closed for writing while an acknowledgement waited");
        }
    }
}
