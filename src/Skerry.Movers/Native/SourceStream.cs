using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>One stream of writes to a replica, in their order, as they are made: from a tap on until it ends or a new run begins.</summary>
/// <remarks>
/// One task sends all of it: writes, and in their places snapshots, marks and sizes. It waits for the first of: something to send,
/// room in the window, somebody who waits for the replica's disk, a tick.
/// </remarks>
internal sealed class SourceStream(
    SourceEnd source, ReplicaPeer peer, WriteTap tap, StateMessage from, PassedSnapshots snapshots, PassedCuts cuts, SettleRequests settle,
    SourceAcks acks, OutsideCipher? cipher)
{
    private readonly BlockVolume _volume = source.Volume;
    private readonly RunStart _run = from.Lineage.ToLineage().Runs is [.., var last] ? last : default;
    private readonly StreamWindow _window = new();
    private readonly WrittenUpTo _written = new(source.Time, () => source.Volume.Lineage.LastNumber);
    private long _sent = tap.StartsAfter;
    private long _sizeBytes = from.SizeBytes;
    private Task<TapBatch?>? _reading;
    private Task? _acknowledged;
    private Task _pacing = Task.CompletedTask;

    /// <summary>When the oldest write of the batch that is being read was logged.</summary>
    private DateTimeOffset? _oldest;

    private bool HasRead => _reading is { IsCompleted: true };

    /// <summary>Where the replica is afterwards, durably.</summary>
    /// <exception cref="BlockException">The volume was closed.</exception>
    public async ValueTask<StateMessage> RunAsync(CancellationToken cancellationToken)
    {
        var (facts, options, time) = (source.Facts, source.Options, source.Time);
        (facts.Window, facts.Tap) = (_window, tap);
        facts.Group.Begin(tap, peer.Can(Features.GroupMarks));
        facts.Now = new SourceFacts.Standing(ReplicationWords.Secondary, null, null, true);
        acks.Streaming(tap.StartsAfter, from.DurableNumber);
        var marked = time.GetTimestamp();
        using var tick = new PeriodicTimer(options.HeartbeatInterval / 2, time);
        var ticking = tick.WaitForNextTickAsync(cancellationToken).AsTask();
        try
        {
            while (true)
            {
                _written.Look();
                BeginReading(cancellationToken);
                await SomethingToDoAsync(ticking, cancellationToken);
                if (HasRead)
                {
                    using var batch = await TakeReadAsync();
                    if (batch is null || batch.Run != _run)
                    {
                        return await EndAsync(cancellationToken);
                    }

                    await ShipAsync(batch, cancellationToken);
                }

                if (acks.Ack?.TakeAsk(_sent) is { } upTo)
                {
                    await peer.SendAsync(
                        FrameKind.FlushAsk, new FlushAskMessage(upTo), MoverJson.Default.FlushAskMessage, cancellationToken);
                    await FailPoint.ReachAsync(MoverSteps.FlushAskSent, source.Volume);
                }

                if (ticking.IsCompleted)
                {
                    ticking = tick.WaitForNextTickAsync(cancellationToken).AsTask();
                    Press();
                    await ExtendAsync(cancellationToken);
                }

                if (!HasRead && time.GetElapsedTime(marked) >= options.HeartbeatInterval)
                {
                    marked = time.GetTimestamp();
                    await MarkAsync(cancellationToken);
                }

                if (settle.Arrived.IsCompleted && settle.Take(_sent) is { Count: > 0 } waiting)
                {
                    // Whoever settles wants the replica to have all that is here: also what was kept after the last write.
                    await snapshots.MakeAtAsync(_run, _sent, cancellationToken);
                    await SettleAsync(waiting, cancellationToken);
                }
            }
        }
        finally
        {
            tap.PressingBytes = 0;
            acks.Away();
            facts.Group.End();
            await AbandonReadingAsync();
        }
    }

    /// <summary>Unless the window is full, or a moment is still let pass so that small writes share a frame and nobody waits for them.</summary>
    private void BeginReading(CancellationToken cancellationToken)
    {
        if (_reading is null && _window.Bytes < source.Options.WindowBytes
            && (_pacing.IsCompleted || settle.Arrived.IsCompleted || acks.Ack?.IsAwaited(_sent) == true))
        {
            _oldest = tap.OldestQueuedAt;
            _reading = tap.ReadAsync(source.Options.ChunkBytes, cancellationToken).AsTask();
        }
    }

    private async ValueTask SomethingToDoAsync(Task ticking, CancellationToken cancellationToken)
    {
        if (HasRead)
        {
            return;
        }

        _acknowledged ??= _window.AcknowledgedAsync(cancellationToken);
        var asked = settle.Arrived;
        await Task.WhenAny(
            _reading ?? (_pacing.IsCompleted ? _acknowledged : _pacing), _acknowledged, ticking, asked.IsCompleted ? _acknowledged : asked,
            acks.Ack?.Wanted ?? _acknowledged);
        _acknowledged = _acknowledged.IsCompleted ? null : _acknowledged;
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async ValueTask<TapBatch?> TakeReadAsync()
    {
        var batch = await _reading!;
        _reading = null;
        return batch;
    }

    /// <summary>The tap ended, or what comes next is of a new run: nothing more goes out by this stream.</summary>
    private async ValueTask<StateMessage> EndAsync(CancellationToken cancellationToken)
    {
        (source.Facts.Tap, source.Facts.Window) = (null, null);
        source.Facts.Now = new SourceFacts.Standing(ReplicationWords.Updating, null, null, true);
        return tap.End == TapEnd.Closed
            ? throw new BlockException(BlockError.Closed, $"volume {source.Task.VolumeId} was closed")
            : await peer.AskAsync(cancellationToken);
    }

    private async ValueTask ShipAsync(TapBatch batch, CancellationToken cancellationToken)
    {
        await ExtendAsync(cancellationToken);
        Press();
        if (batch.Writes.Count > 0)
        {
            using var frame = WritesFrame.Build(batch.Run, batch.Writes, cipher);
            _sent = batch.Writes[^1].Number;
            _window.Add(_sent, batch.Bytes, _oldest ?? source.Time.GetUtcNow());
            await peer.Channel.SendAsync(frame, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.WritesSent, _volume);
            MoverMetrics.Streamed.Add(batch.Bytes);
        }

        if (batch.Snapshot is { } snapshot)
        {
            await snapshots.MakeAsync(snapshot, cancellationToken);
        }

        if (batch.Mark is { } mark)
        {
            await cuts.SendAsync(mark, cancellationToken);
        }

        if (tap.QueuedBytes < source.Options.ChunkBytes)
        {
            // Each frame costs both sides as much as ten small writes, and a writer that waits for its answers sends no two.
            _pacing = Task.Delay(source.Options.StreamPace, source.Time, cancellationToken);
        }
    }

    /// <summary>A replica that does not answer is not waited for: what is owed would grow all the same.</summary>
    private void Press() =>
        tap.PressingBytes = _window.OldestAt is { } oldest && source.Time.GetUtcNow() - oldest > source.Options.PressingFor
            ? 0
            : source.Options.PressingBytes;

    /// <summary>Size comes before the writes that need it.</summary>
    private async ValueTask ExtendAsync(CancellationToken cancellationToken)
    {
        if (_volume.SizeBytes is var now && now > _sizeBytes)
        {
            await peer.SendAsync(FrameKind.Extend, new ExtendMessage(now), MoverJson.Default.ExtendMessage, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.ExtendSent, _volume);
            _sizeBytes = now;
        }
    }

    /// <summary>Tells when the disk was in the state that was streamed.</summary>
    private async ValueTask MarkAsync(CancellationToken cancellationToken)
    {
        if (_written.Until(_sent) is { } at && source.PrimaryWasAt(_sent, at) is var (number, takenAt, takenAtThere))
        {
            await peer.SendAsync(FrameKind.Mark, new MarkMessage(number, takenAt) { TakenAtThere = takenAtThere }, MoverJson.Default.MarkMessage, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.MarkSent, _volume);
        }
    }

    private async ValueTask SettleAsync(IReadOnlyList<TaskCompletionSource<long?>> waiting, CancellationToken cancellationToken)
    {
        long? durable = null;
        try
        {
            durable = (await peer.AskAsync(cancellationToken)).DurableNumber;
        }
        finally
        {
            foreach (var request in waiting)
            {
                request.TrySetResult(durable);
            }
        }
    }

    /// <summary>The read ends with the tap; what it may still bring is given back.</summary>
    private async ValueTask AbandonReadingAsync()
    {
        if (_reading is { } reading)
        {
            tap.Dispose();
            using var rest = await reading.ContinueWith(
                static r => r.IsCompletedSuccessfully ? r.Result : null, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
