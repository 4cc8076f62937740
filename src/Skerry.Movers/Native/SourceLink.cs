using System.Net.WebSockets;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>One connection of a source to its replica, from hello to the end.</summary>
internal sealed class SourceLink(
    MoverTask task, BlockVolume volume, SourceFacts facts, SettleRequests settle, SourceAcks acks, TransferLimits limits,
    NativeMoverOptions options, TimeProvider time, ILogger logger)
{
    private readonly ReplyInbox _replies = new();
    private readonly StreamWindow _window = new();
    private readonly SemaphoreSlim _acknowledged = new(0, 1);
    private readonly LeaseAsking _leases = new(acks, options, time);
    private Exception? _failure;
    private IReadOnlyList<string>? _theirFeatures;
    private Task _leasing = Task.CompletedTask;
    private TaskCompletionSource _markKept = new();

    /// <summary>The travelling snapshots that the replica has; null when it does not know of them.</summary>
    private HashSet<string>? _there;

    private string SnapshotId => SourceSession.SnapshotId(task.ReplicationId);

    /// <summary>Returns when the run that <paramref name="current"/> names is complete; never while it names none.</summary>
    public async Task RunAsync(WebSocket socket, Func<MoverTask> current, CancellationToken cancellationToken)
    {
        using var channel = new FrameChannel(socket, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await channel.SendAsync(
            FrameKind.Hello,
            new HelloMessage(
                HelloMessage.CurrentVersion, task.ReplicationId, task.VolumeId, task.Generation.Number, task.Generation.Id, volume.SizeBytes)
            {
                Features = options.Features,
            },
            MoverJson.Default.HelloMessage,
            ended.Token);
        await FailPoint.ReachAsync(MoverSteps.HelloSent, volume);
        var receiving = ReceiveAsync(channel, ended);
        var beating = BeatAsync(channel, ended);
        var watching = channel.WatchAsync(options.DeadAfter, ended);
        try
        {
            await FollowAsync(channel, current, ended);
            await channel.CloseAsync("done");
        }
        catch (Exception e) when (channel.IsSilent && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"nothing was heard of it for {options.DeadAfter.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (Volatile.Read(ref _failure) is { } cause && cause != e && !cancellationToken.IsCancellationRequested)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(receiving, beating, watching, _leasing);
            facts.Now = facts.Now with { IsConnected = false };
        }
    }

    private async ValueTask FollowAsync(FrameChannel channel, Func<MoverTask> current, CancellationTokenSource ended)
    {
        var cancellationToken = ended.Token;
        var state = Heard(await _replies.StateAsync(cancellationToken));
        _theirFeatures = state.Features;
        await FailPoint.ReachAsync(MoverSteps.StateHeard, volume);
        _there = Features.Has(state.Features, TravellingSnapshots.Feature) && Features.Has(options.Features, TravellingSnapshots.Feature)
            ? [.. state.Snapshots ?? []]
            : null;
        acks.Shortcoming = Features.Has(state.Features, Features.FlushAsk) && Features.Has(state.Features, Features.Lease)
            ? null
            : "The replica's site is of an older version, which does not answer flushes.";
        _leasing = _leases.RunAsync(channel, ended);
        while (true)
        {
            var now = current();
            var (wanted, keptAs) = (now.Run, now.RunSnapshotId);
            if (wanted is { } cutRun && now.CutId is { } cutId && FindSnapshot(NativeMover.SnapshotOf(cutId)) is { } cut)
            {
                await ShipCutAsync(channel, state, cut, cutId, cancellationToken);
                facts.CompletedRun = new SourceFacts.Moment(cutRun);
                facts.Now = new SourceFacts.Standing(ReplicationWords.Secondary, null, null, true);
                return;
            }

            var (tap, upTo, reached) = await BringUpAsync(channel, state, isInstant: wanted is null, wanted, keptAs, cancellationToken);
            using (tap)
            {
                state = reached;
                if (wanted is { } due && upTo >= due)
                {
                    facts.CompletedRun = new SourceFacts.Moment(due);
                    facts.Now = new SourceFacts.Standing(ReplicationWords.Secondary, null, null, true);
                    return;
                }

                if (tap is not null)
                {
                    state = await StreamAsync(channel, tap, state, cancellationToken);
                }
            }
        }
    }

    /// <summary>
    /// Makes the replica equal to a state of the volume: the present one when nothing is missing, else that of a snapshot. With a tap
    /// when streaming can go on from there, and with the time at which the volume was in that state.
    /// </summary>
    private async ValueTask<(WriteTap? Tap, DateTimeOffset UpTo, StateMessage State)> BringUpAsync(
        FrameChannel channel, StateMessage state, bool isInstant, DateTimeOffset? wanted, string? keptAs, CancellationToken cancellationToken)
    {
        await WaitUntilWholeAsync(cancellationToken);
        await TakeRunSnapshotAsync(keptAs, cancellationToken);
        (state, var passedAt) = await PassSnapshotsAsync(channel, state, volume.Lineage, cancellationToken);
        if (wanted is not null && passedAt >= wanted)
        {
            return (null, passedAt.Value, state);
        }

        var replica = state.Lineage.ToLineage();
        var now = time.GetUtcNow();
        if (ReplicationPlan.For(volume.Lineage, replica, state.IsWhole) is ReplicationPlan.Stream)
        {
            var tap = isInstant ? await volume.OpenTapAsync(options.TapBoundBytes, cancellationToken) : null;
            if (tap is null || (tap.StartsAfter == replica.LastNumber && volume.Lineage.Runs.SequenceEqual(replica.Runs)))
            {
                // One that was taken since is of this very state.
                (state, _) = await PassSnapshotsAsync(channel, state, replica, cancellationToken);
                facts.LastSync = new SourceFacts.Moment(now);
                await DropSnapshotAsync(cancellationToken);
                return (tap, now, state);
            }

            tap.Dispose();
        }

        using var turn = await TurnAsync(state, isInstant, cancellationToken);
        var (snapshot, opened) = await SnapshotAsync(state, isInstant, wanted, cancellationToken);
        try
        {
            await FailPoint.ReachAsync(MoverSteps.SnapshotTaken, volume);
            (state, _) = await PassSnapshotsAsync(channel, state, snapshot.Lineage, cancellationToken);
            var reached = await CatchUpAsync(channel, state, snapshot, cancellationToken);
            await DropSnapshotAsync(cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.SnapshotDropped, volume);
            facts.LastSync = new SourceFacts.Moment(snapshot.CreatedAt);
            return (opened, snapshot.CreatedAt, reached);
        }
        catch
        {
            opened?.Dispose();
            throw;
        }
    }

    /// <summary>Waits until a transfer may begin, before anything is held for it.</summary>
    private async ValueTask<IDisposable> TurnAsync(StateMessage state, bool isInstant, CancellationToken cancellationToken)
    {
        var isRestore = isInstant || ReplicationPlan.For(volume.Lineage, state.Lineage.ToLineage(), state.IsWhole) is ReplicationPlan.Diverged;
        if (!limits.Turns.IsFree)
        {
            facts.Now = new SourceFacts.Standing(
                ReplicationWords.Waiting, $"{options.TransfersAtOnce} transfers are under way at this site, which is the most.", null, true);
        }

        return await limits.Turns.EnterAsync(task.VolumeId, isRestore ? TransferUrgency.Restore : TransferUrgency.Scheduled, cancellationToken);
    }

    /// <summary>
    /// The snapshot to ship: the one that the replica's open catch-up came from, if it is still there, else a new one. What was shipped
    /// of another is undone at the replica.
    /// </summary>
    private async ValueTask<(SnapshotInfo Snapshot, WriteTap? Tap)> SnapshotAsync(
        StateMessage state, bool isInstant, DateTimeOffset? wanted, CancellationToken cancellationToken)
    {
        if (Resumed(state) is { } kept)
        {
            return (kept, null);
        }

        await DropSnapshotAsync(cancellationToken);
        return isInstant
            ? await volume.SnapshotAndTapAsync(SnapshotId, options.TapBoundBytes, cancellationToken)
            : (await volume.CreateSnapshotAsync(SnapshotId, cancellationToken), null);
    }

    /// <summary>The snapshot that the replica's open catch-up came from; null when it has none open, or from another one.</summary>
    private SnapshotInfo? Resumed(StateMessage state) => state.CatchUp is { } open
        ? volume.Snapshots.FirstOrDefault(s => s.Id == SnapshotId && s.Lineage.Equals(open.Lineage.ToLineage()))
        : null;

    /// <summary>
    /// Brings the replica to each state on the way to the target that is a snapshot here and not there, oldest first, and has it kept
    /// there under the same id. When the last of them was taken; null when there was none.
    /// </summary>
    private async ValueTask<(StateMessage State, DateTimeOffset? TakenAt)> PassSnapshotsAsync(
        FrameChannel channel, StateMessage state, Lineage target, CancellationToken cancellationToken)
    {
        DateTimeOffset? takenAt = null;
        if (_there is null || Resumed(state) is not null)
        {
            return (state, takenAt);
        }

        foreach (var snapshot in TravellingSnapshots.Missing(
            volume.Snapshots, target, state.IsWhole ? state.Lineage.ToLineage() : null, _there))
        {
            state = await CatchUpAsync(channel, state, snapshot, cancellationToken);
            await MakeSnapshotAsync(channel, snapshot, cancellationToken);
            facts.LastSync = new SourceFacts.Moment(snapshot.CreatedAt);
            takenAt = snapshot.CreatedAt;
        }

        return (state, takenAt);
    }

    /// <summary>
    /// The replica is in the snapshot's state. It is made durable here first: one that a loss of power took back here would be made
    /// anew, of another state.
    /// </summary>
    private async ValueTask MakeSnapshotAsync(FrameChannel channel, SnapshotInfo snapshot, CancellationToken cancellationToken)
    {
        if (_there is null || !TravellingSnapshots.Travels(snapshot.Id) || !_there.Add(snapshot.Id))
        {
            return;
        }

        await volume.FlushAsync(cancellationToken);
        await channel.SendAsync(
            FrameKind.MakeSnapshot, new MakeSnapshotMessage(snapshot.Id, LineageDocument.Of(snapshot.Lineage)),
            MoverJson.Default.MakeSnapshotMessage, cancellationToken);
    }

    /// <summary>Whoever settles wants the replica to have all that is here: also what was kept after the last write.</summary>
    private async ValueTask MakeSnapshotsAtAsync(FrameChannel channel, long number, RunStart run, CancellationToken cancellationToken)
    {
        foreach (var snapshot in volume.Snapshots.Where(s => s.Lineage.LastNumber == number && s.Lineage.Runs is [.., var last] && last == run))
        {
            await MakeSnapshotAsync(channel, snapshot, cancellationToken);
        }
    }

    /// <summary>The state of this run is to be kept: the snapshot is taken once, and found again after a crash.</summary>
    private async ValueTask TakeRunSnapshotAsync(string? keptAs, CancellationToken cancellationToken)
    {
        if (keptAs is not null && volume.Snapshots.All(s => s.Id != keptAs))
        {
            await volume.CreateSnapshotAsync(keptAs, cancellationToken);
        }
    }

    /// <summary>A copy that follows another is passed on only while its head is a state that the primary has been in.</summary>
    private async ValueTask WaitUntilWholeAsync(CancellationToken cancellationToken)
    {
        while (task.IsPassedOn && (volume.CatchUpUnfinished || (volume.Lineage.Runs.Count == 0 && ReplicaCopy.PointOf(volume) is null)))
        {
            facts.Now = new SourceFacts.Standing(
                ReplicationWords.Waiting, "The copy that is passed on is itself being brought up.", "It goes on by itself when that is done.", true);
            await Task.Delay(options.HeartbeatInterval, time, cancellationToken);
        }
    }

    /// <summary>When the primary's disk was in this state, or later; null when a copy that is passed on does not know.</summary>
    private DateTimeOffset? TakenAt(SnapshotInfo snapshot) =>
        !task.IsPassedOn ? snapshot.CreatedAt
        : ReplicaCopy.PointOf(volume) is { } point && point.Number <= snapshot.Lineage.LastNumber ? point.TakenAt
        : null;

    /// <summary>
    /// Makes the replica the state of its group's cut, and has it kept. A replica that is further in the same history, since it was
    /// brought up outside of cuts, has that state behind it and keeps to where it is.
    /// </summary>
    private async ValueTask ShipCutAsync(
        FrameChannel channel, StateMessage state, SnapshotInfo cut, string cutId, CancellationToken cancellationToken)
    {
        var replica = state.Lineage.ToLineage();
        if (state.IsWhole && cut.Lineage.IsPrefixOf(replica) && replica.LastNumber > cut.Lineage.LastNumber)
        {
            return;
        }

        (state, _) = await PassSnapshotsAsync(channel, state, cut.Lineage, cancellationToken);
        await CatchUpAsync(channel, state, cut, cancellationToken);
        facts.LastSync = new SourceFacts.Moment(cut.CreatedAt);
        if (Features.Has(_theirFeatures, Features.GroupMarks))
        {
            _markKept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await SendGroupMarkAsync(channel, new TapMark(cutId, cut.Lineage.LastNumber, cut.CreatedAt), cancellationToken);
            await _markKept.Task.WaitAsync(cancellationToken);
        }
    }

    private async ValueTask SendGroupMarkAsync(FrameChannel channel, TapMark mark, CancellationToken cancellationToken)
    {
        await channel.SendAsync(
            FrameKind.GroupMark, new GroupMarkMessage(mark.Id, mark.Number, mark.At), MoverJson.Default.GroupMarkMessage, cancellationToken);
        await FailPoint.ReachAsync(GroupSteps.MarkSent, volume);
    }

    private SnapshotInfo? FindSnapshot(string id) => volume.Snapshots.FirstOrDefault(s => string.Equals(s.Id, id, StringComparison.Ordinal));

    private async ValueTask<StateMessage> CatchUpAsync(
        FrameChannel channel, StateMessage state, SnapshotInfo snapshot, CancellationToken cancellationToken)
    {
        var replica = state.Lineage.ToLineage();
        var plan = ReplicationPlan.For(snapshot.Lineage, replica, state.IsWhole, task.MayAdopt && _theirFeatures?.Contains(Features.Adopt) == true);
        switch (plan)
        {
            case ReplicationPlan.Refuse when task.MayAdopt:
                throw new PlanRefusedException("The replica's site speaks a version that cannot join copies without common history.");
            case ReplicationPlan.Refuse refuse:
                throw new PlanRefusedException(refuse.Reason);
            case ReplicationPlan.Stream:
                return state;
        }

        var isCompared = plan.IsCompared;
        var catchUp = new CatchUpDocument(LineageDocument.Of(snapshot.Lineage), plan.Base, isCompared, 0);
        var ranges = BlockRanges.Of(volume.ChangedSince(state.IsWhole ? replica : Lineage.Empty, snapshot.Id));
        await channel.SendAsync(
            FrameKind.BeginCatchUp,
            new BeginCatchUpMessage(catchUp, plan.Kind, snapshot.SizeBytes) { ContentBytes = isCompared ? null : ContentLeft(ranges, state, snapshot) },
            MoverJson.Default.BeginCatchUpMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.BeginSent, volume);
        var (own, offset) = await _replies.ReadyAsync(cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.ReadyHeard, volume);
        ranges = isCompared ? BlockRanges.Union(ranges, own) : ranges;
        var total = BlockRanges.TotalBytes(ranges);
        var meter = new TransferMeter(plan.Kind, total, total - BlockRanges.TotalBytes(BlockRanges.From(ranges, offset)), time);
        Log.Planned(logger, task.ReplicationId, task.VolumeId, plan.Kind, plan.Base, total - meter.DoneBytes);
        facts.Transfer = meter;
        facts.Now = plan is ReplicationPlan.Adopt
            ? new SourceFacts.Standing(
                ReplicationWords.Resyncing, "The copy at the replica's site is taken over: both are read, and what differs is replaced.", null, true)
            : isCompared
            ? new SourceFacts.Standing(
                ReplicationWords.Resyncing, $"The replica wrote apart from number {plan.Base} on; what differs is replaced.", null, true)
            : new SourceFacts.Standing(ReplicationWords.Updating, null, null, true);

        string digest;
        await using (var pipe = new FramePipe(channel, volume, meter, limits.Of(task.TargetSite), cancellationToken))
        {
            using var sender = new CatchUpSender(
                pipe, _replies, volume, volume.OpenSnapshot(snapshot.Id), meter, options, _theirFeatures);
            digest = isCompared
                ? await sender.CompareAsync(ranges, offset, cancellationToken)
                : await sender.ShipAsync(ranges, offset, cancellationToken);
        }

        if (isCompared)
        {
            // Answers come in order, so that after the last one the next is this. Were one told twice, each after it would have been
            // taken for the one before, and blocks that differ left as they are.
            await AskAsync(channel, cancellationToken);
        }

        var sent = meter.Status(isDone: true);
        await channel.SendAsync(
            FrameKind.EndCatchUp,
            new EndCatchUpMessage(
                digest, TakenAt(snapshot), sent.ComparedBytes, sent.MovedBytes, sent.EqualBytes, total, meter.StartedAt,
                sent.ZeroedBytes)
            {
                WireBytes = sent.WireBytes,
            },
            MoverJson.Default.EndCatchUpMessage,
            cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.EndSent, volume);
        var reached = Heard(await _replies.StateAsync(cancellationToken));
        await FailPoint.ReachAsync(MoverSteps.EndHeard, volume);
        facts.Completed(meter.Status(isDone: true));
        MoverMetrics.Transfers.Add(
            1, new KeyValuePair<string, object?>("kind", plan.Kind), new KeyValuePair<string, object?>("result", "done"));
        facts.Transfer = null;
        Log.Transferred(logger, task.ReplicationId, task.VolumeId, plan.Kind, sent.ComparedBytes, sent.MovedBytes, sent.EqualBytes);
        return reached.Lineage.ToLineage().Equals(snapshot.Lineage)
            ? reached
            : throw new MoverProtocolException("The replica took the catch-up over and is in another state than it should be.");
    }

    /// <summary>What is to come of a transfer, less what an earlier link left in place.</summary>
    private static long ContentLeft(IReadOnlyList<ByteRange> ranges, StateMessage state, SnapshotInfo snapshot)
    {
        var from = state.CatchUp is { } open && open.Lineage.ToLineage().Equals(snapshot.Lineage) ? open.OffsetBytes : 0;
        return BlockRanges.TotalBytes(BlockRanges.From(ranges.Where(r => !r.IsHole), from));
    }

    /// <summary>Streams writes as they are made, until the tap ends or a new run begins; then where the replica is.</summary>
    private async ValueTask<StateMessage> StreamAsync(
        FrameChannel channel, WriteTap tap, StateMessage from, CancellationToken cancellationToken)
    {
        var run = from.Lineage.ToLineage().Runs is [.., var last] ? last : default;
        var (sent, size) = (tap.StartsAfter, from.SizeBytes);
        (facts.Window, facts.Tap) = (_window, tap);
        facts.Group.Begin(tap, Features.Has(_theirFeatures, Features.GroupMarks));
        facts.Now = new SourceFacts.Standing(ReplicationWords.Secondary, null, null, true);
        acks.Streaming(tap.StartsAfter, from.DurableNumber);
        var marked = time.GetTimestamp();
        var written = new WrittenUpTo(time, () => volume.Lineage.LastNumber);
        using var tick = new PeriodicTimer(options.HeartbeatInterval / 2, time);
        Task<bool> ticking = tick.WaitForNextTickAsync(cancellationToken).AsTask();
        Task? acknowledged = null;
        Task<TapBatch?>? reading = null;
        Task pacing = Task.CompletedTask;
        DateTimeOffset? oldest = null;
        try
        {
            while (true)
            {
                written.Look();
                if (reading is null && _window.Bytes < options.WindowBytes && (pacing.IsCompleted || settle.Arrived.IsCompleted || acks.Ack?.IsAwaited(sent) == true))
                {
                    oldest = tap.OldestQueuedAt;
                    reading = tap.ReadAsync(options.ChunkBytes, cancellationToken).AsTask();
                }

                if (reading is not { IsCompleted: true })
                {
                    acknowledged ??= _acknowledged.WaitAsync(cancellationToken);
                    var asked = settle.Arrived;
                    await Task.WhenAny(
                        reading ?? (pacing.IsCompleted ? acknowledged : pacing), acknowledged, ticking, asked.IsCompleted ? acknowledged : asked,
                        acks.Ack?.Wanted ?? acknowledged);
                    acknowledged = acknowledged.IsCompleted ? null : acknowledged;
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (reading is { IsCompleted: true })
                {
                    using var batch = await reading;
                    reading = null;
                    if (batch is null || batch.Run != run)
                    {
                        (facts.Tap, facts.Window) = (null, null);
                        facts.Now = new SourceFacts.Standing(ReplicationWords.Updating, null, null, true);
                        return tap.End == TapEnd.Closed
                            ? throw new BlockException(BlockError.Closed, $"volume {task.VolumeId} was closed")
                            : await AskAsync(channel, cancellationToken);
                    }

                    size = await ExtendAsync(channel, size, cancellationToken);

                    sent = batch.Writes.Count > 0 ? await SendAsync(channel, batch, oldest, cancellationToken) : sent;
                    if (batch.Snapshot is { } snapshot)
                    {
                        await MakeSnapshotAsync(channel, snapshot, cancellationToken);
                    }

                    if (batch.Mark is { } mark)
                    {
                        await SendGroupMarkAsync(channel, mark, cancellationToken);
                    }

                    if (tap.QueuedBytes < options.ChunkBytes)
                    {
                        // Each frame costs both sides as much as ten small writes, and a writer that waits for its answers sends no two.
                        pacing = Task.Delay(options.StreamPace, time, cancellationToken);
                    }
                }

                if (acks.Ack?.TakeAsk(sent) is { } upTo)
                {
                    await channel.SendAsync(
                        FrameKind.FlushAsk, new FlushAskMessage(upTo), MoverJson.Default.FlushAskMessage, cancellationToken);
                }

                if (ticking.IsCompleted)
                {
                    ticking = tick.WaitForNextTickAsync(cancellationToken).AsTask();
                    size = await ExtendAsync(channel, size, cancellationToken);
                }

                if (reading is not { IsCompleted: true } && time.GetElapsedTime(marked) >= options.HeartbeatInterval)
                {
                    marked = time.GetTimestamp();
                    await MarkAsync(channel, written, sent, cancellationToken);
                }

                if (settle.Arrived.IsCompleted && settle.Take(sent) is { Count: > 0 } waiting)
                {
                    await MakeSnapshotsAtAsync(channel, sent, run, cancellationToken);
                    await SettleAsync(channel, waiting, cancellationToken);
                }
            }
        }
        finally
        {
            acks.Away();
            facts.Group.End();
            if (reading is not null)
            {
                // The read ends with the tap; what it may still bring is given back.
                tap.Dispose();
                using var rest = await reading.ContinueWith(
                    static r => r.IsCompletedSuccessfully ? r.Result : null, CancellationToken.None, TaskContinuationOptions.None,
                    TaskScheduler.Default);
            }
        }
    }

    /// <summary>Tells the replica of a size beyond the one that it has, and answers the one that it has then.</summary>
    private async ValueTask<long> ExtendAsync(FrameChannel channel, long sizeBytes, CancellationToken cancellationToken)
    {
        var now = volume.SizeBytes;
        if (now <= sizeBytes)
        {
            return sizeBytes;
        }

        await channel.SendAsync(FrameKind.Extend, new ExtendMessage(now), MoverJson.Default.ExtendMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.ExtendSent, volume);
        return now;
    }

    private async ValueTask<long> SendAsync(
        FrameChannel channel, TapBatch batch, DateTimeOffset? oldest, CancellationToken cancellationToken)
    {
        using var frame = WritesFrame.Build(batch.Run, batch.Writes);
        var lastNumber = batch.Writes[^1].Number;
        _window.Add(lastNumber, batch.Bytes, oldest ?? time.GetUtcNow());
        await channel.SendAsync(frame, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.WritesSent, volume);
        MoverMetrics.Streamed.Add(batch.Bytes);
        return lastNumber;
    }

    /// <summary>Tells when the disk was in the state that was streamed.</summary>
    private async ValueTask MarkAsync(FrameChannel channel, WrittenUpTo written, long sent, CancellationToken cancellationToken)
    {
        if (written.Until(sent) is not { } at)
        {
            return;
        }

        if (task.IsPassedOn)
        {
            // When it came here says nothing of when the primary wrote it; what this copy was told does.
            if (ReplicaCopy.PointOf(volume) is not { } point || point.Number > sent)
            {
                return;
            }

            (sent, at) = (point.Number, point.TakenAt);
        }

        await channel.SendAsync(FrameKind.Mark, new MarkMessage(sent, at), MoverJson.Default.MarkMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.MarkSent, volume);
    }

    private async ValueTask SettleAsync(
        FrameChannel channel, IReadOnlyList<TaskCompletionSource<long?>> waiting, CancellationToken cancellationToken)
    {
        try
        {
            var state = await AskAsync(channel, cancellationToken);
            foreach (var request in waiting)
            {
                request.TrySetResult(state.DurableNumber);
            }
        }
        catch
        {
            foreach (var request in waiting)
            {
                request.TrySetResult(null);
            }

            throw;
        }
    }

    private async ValueTask<StateMessage> AskAsync(FrameChannel channel, CancellationToken cancellationToken)
    {
        using var frame = new FrameBuilder(FrameKind.Ask);
        await channel.SendAsync(frame, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.AskSent, volume);
        return Heard(await _replies.StateAsync(cancellationToken));
    }

    private StateMessage Heard(StateMessage state)
    {
        facts.Replica = state.Lineage.ToLineage();
        facts.Durable = new SourceFacts.Numbered(state.DurableNumber);
        return state;
    }

    private async ValueTask DropSnapshotAsync(CancellationToken cancellationToken) =>
        await volume.DeleteSnapshotAsync(SnapshotId, cancellationToken);

    private async Task ReceiveAsync(FrameChannel channel, CancellationTokenSource ended)
    {
        try
        {
            while (await channel.ReceiveAsync(ended.Token) is { } frame)
            {
                switch (frame.Kind)
                {
                    case FrameKind.Ack:
                        Acknowledged(frame.Json(MoverJson.Default.AckMessage));
                        await FailPoint.ReachAsync(MoverSteps.AckHeard, volume);
                        break;
                    case FrameKind.LeaseGrant:
                        _leases.Granted(frame.Json(MoverJson.Default.LeaseGrantMessage));
                        break;
                    case FrameKind.LeaseReleased:
                        _leases.Released();
                        break;
                    case FrameKind.GroupMarkKept:
                        facts.Group.Kept(frame.Json(MoverJson.Default.GroupMarkKeptMessage).CutId);
                        _markKept.TrySetResult();
                        break;
                    case FrameKind.Refused:
                        throw new ReplicaRefusedException(frame.Json(MoverJson.Default.RefusedMessage));
                    default:
                        await _replies.AddAsync(ReplyInbox.Decode(frame), ended.Token);
                        break;
                }
            }

            throw new IOException("its site closed the link");
        }
        catch (Exception e)
        {
            // Whatever ends the receiving ends the link; the one who follows learns the cause.
            Volatile.Write(ref _failure, e);
            _replies.Close(e);
            await ended.CancelAsync();
        }
    }

    private void Acknowledged(AckMessage ack)
    {
        _window.Acknowledge(ack.AppliedNumber);
        acks.Ack?.Durable(ack.DurableNumber);
        facts.Durable = new SourceFacts.Numbered(ack.DurableNumber);
        if (facts.Replica is { } replica && facts.Tap is { } tap)
        {
            facts.Replica = replica with { LastNumber = ack.AppliedNumber };
            if (_window.Bytes == 0 && tap is { End: TapEnd.None, QueuedBytes: 0 })
            {
                facts.LastSync = new SourceFacts.Moment(time.GetUtcNow());
            }
        }

        if (_acknowledged.CurrentCount == 0)
        {
            _acknowledged.Release();
        }
    }

    private async Task BeatAsync(FrameChannel channel, CancellationTokenSource ended)
    {
        using var timer = new PeriodicTimer(options.HeartbeatInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                var owed = facts is { Tap: { End: TapEnd.None } tap, Window: { } window } ? tap.QueuedBytes + window.Bytes
                    : facts.Transfer is { } transfer ? transfer.TotalBytes - transfer.DoneBytes
                    : (long?)null;
                await channel.SendAsync(
                    FrameKind.Heartbeat, new HeartbeatMessage(volume.Lineage.LastNumber, owed), MoverJson.Default.HeartbeatMessage,
                    ended.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            await ended.CancelAsync();
        }
    }
}
