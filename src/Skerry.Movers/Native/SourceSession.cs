using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// The source's end of one replication, for as long as its task stands: connects, finds out where the replica is, brings it up and
/// goes on; whatever breaks, it begins again from what both sides have on disk.
/// </summary>
internal sealed class SourceSession : IAsyncDisposable
{
    private readonly Func<CancellationToken, ValueTask<BlockVolume>> _open;
    private readonly Func<CancellationToken, ValueTask<WebSocket>> _connect;
    private readonly TransferLimits _limits;
    private readonly NativeMoverOptions _options;
    private readonly TimeProvider _time;
    private readonly RetryBudget _budget;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SettleRequests _settle = new();
    private readonly SourceAcks _acks;
    private readonly Task _loop;
    private MoverTask _task;
    private BlockVolume? _volume;
    private TransferMeter? _cut;
    private TaskCompletionSource _taskChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (long Timestamp, long Number, long? Bytes) _owed;

    public SourceSession(
        MoverTask task, Task after, Func<CancellationToken, ValueTask<BlockVolume>> open,
        Func<CancellationToken, ValueTask<WebSocket>> connect, TransferLimits limits, VolumeGates gates, IAckLedger ledger,
        NativeMoverOptions options, TimeProvider time, Random jitter, ILogger logger)
    {
        _acks = new SourceAcks(task, gates, ledger, Facts, time, logger);
        (_task, _open, _connect, _limits, _options, _time, _logger) = (task, open, connect, limits, options, time, logger);
        _budget = new RetryBudget(options, time, jitter);
        _loop = LoopAsync(after);
    }

    public SourceFacts Facts { get; } = new();

    public MoverTask Current => Volatile.Read(ref _task);

    /// <summary>Null before it was opened.</summary>
    public BlockVolume? Volume => Volatile.Read(ref _volume);

    /// <summary>The same relation under the same generation, perhaps with another run or other terms for acknowledgements.</summary>
    public void Change(MoverTask task)
    {
        if (Current == task)
        {
            return;
        }

        Volatile.Write(ref _task, task);
        _acks.Apply(task.Acks ?? AckTerms.None);
        Interlocked.Exchange(ref _taskChanged, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public ValueTask<long?> SettleAsync(CancellationToken cancellationToken) => _settle.AskAsync(Volatile.Read(ref _volume)?.Lineage.LastNumber ?? 0, cancellationToken);

    public MoverReport Report()
    {
        var facts = Facts;
        var (retry, now) = (facts.Retry, facts.Now);
        var number = Volatile.Read(ref _volume)?.Lineage.LastNumber ?? 0;
        var (tap, window) = (facts.Tap, facts.Window);
        long? lagBytes;
        double? lagSeconds;
        if (tap is { End: TapEnd.None } && window is not null)
        {
            lagBytes = tap.QueuedBytes + window.Bytes;
            var oldest = window.OldestAt ?? tap.OldestQueuedAt;
            lagSeconds = oldest is { } at ? Math.Max(0, (_time.GetUtcNow() - at).TotalSeconds) : 0;
        }
        else
        {
            lagBytes = facts.Replica is { } replica && replica.LastNumber == number && Lineage.CommonNumber(replica, _volume?.Lineage ?? Lineage.Empty) == number
                ? 0 : OwedBytes(number);
            lagSeconds = lagBytes == 0 ? 0 : facts.LastSync is { } last ? Math.Max(0, (_time.GetUtcNow() - last.At).TotalSeconds) : null;
        }

        var state = now.State == ReplicationWords.Secondary && Current.Run is null && lagSeconds > _options.LagBound.TotalSeconds
            ? ReplicationWords.Updating
            : now.State;
        return new MoverReport(
            state, now.Reason, now.NextStep, now.IsConnected, lagBytes, lagSeconds, number, facts.Durable?.Number,
            facts.Transfer?.Status(isDone: false), facts.LastTransfer, facts.LastSync?.At, facts.CompletedRun?.At)
        {
            Acks = _acks.Report(),
            Retry = state is ReplicationWords.Secondary or ReplicationWords.Updating or ReplicationWords.Resyncing ? null : retry,
            Ended = facts.Ended,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _acks.DisposeAsync();
        _settle.Close();
        _stop.Dispose();
    }

    private async Task LoopAsync(Task after)
    {
        await after.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var lastTrouble = "";
        while (!_stop.IsCancellationRequested)
        {
            var changed = _taskChanged.Task;
            if (Current.Run is { } run && Facts.CompletedRun is { } completed && completed.At >= run)
            {
                await changed.WaitAsync(_stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
                continue;
            }

            var task = Current;
            var before = (Facts.LastSync, Facts.Ended);
            var standing = await TryAsync();
            if (_stop.IsCancellationRequested)
            {
                break;
            }

            if (standing is null)
            {
                lastTrouble = "";
                BeginAnew();
                continue;
            }

            if (Facts.LastSync != before.LastSync)
            {
                BeginAnew();
            }

            if (_cut is { } cut)
            {
                Facts.Failed(cut.Status(isDone: true), standing.Reason ?? standing.State);
                MoverMetrics.Ended(cut, "failed");
            }

            Facts.Now = standing;
            MoverMetrics.Attempts.Add(1, new KeyValuePair<string, object?>("state", standing.State));
            var reason = standing.Reason ?? standing.State;
            if (reason != lastTrouble)
            {
                lastTrouble = reason;
                Log.Trouble(_logger, task.ReplicationId, task.VolumeId, reason);
            }

            var (pause, retry) = _budget.AfterFailure(standing.Trouble, reason, task.Run is not null);
            if (retry.AttemptsLeft == 0)
            {
                Facts.Now = GivenUp(standing, task.Run is not null);
                if (ReferenceEquals(Facts.Ended, before.Ended))
                {
                    var now = _time.GetUtcNow();
                    Facts.Failed(new TransferStatus("attempt", 0, 0, 0, 0, 0, 0, null, now, now), reason);
                }
            }

            Facts.Retry = retry;
            await RestAsync(pause, changed);
            if (changed.IsCompleted)
            {
                BeginAnew();
            }
        }
    }

    private void BeginAnew()
    {
        _budget.Reset();
        Facts.Retry = null;
    }

    private static SourceFacts.Standing GivenUp(SourceFacts.Standing standing, bool hasRuns)
    {
        var (next, later) = (standing.NextStep is { } step ? step + " " : "", hasRuns ? "Its next run tries again" : "It is looked at again in a minute");
        return standing with
        {
            State = ReplicationWords.Error,
            NextStep = $"{next}{later}; at once with sync or resume.",
        };
    }

    /// <summary>Until the pause is over, without one until the task changes; a change ends either.</summary>
    private async Task RestAsync(TimeSpan? pause, Task changed)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var waiting = pause is { } time ? Task.Delay(time, _time, over.Token) : Task.Delay(Timeout.InfiniteTimeSpan, _time, over.Token);
        await Task.WhenAny(waiting, changed);
        await over.CancelAsync();
        await waiting.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <summary>One attempt. Null when the run is complete, else why it ended.</summary>
    private async Task<SourceFacts.Standing?> TryAsync()
    {
        try
        {
            var volume = _volume ??= await _open(_stop.Token);
            _acks.Attach(volume);
            using var socket = await _connect(_stop.Token);
            using var channel = new FrameChannel(socket, _time);
            using var cipher = Current.IsCiphertextOnly ? volume.OpenOutsideCipher() : null;
            await new SourceLink(new SourceEnd(Current, volume, Facts, _options, _time, _logger), channel, _settle, _acks, _limits, cipher)
                .RunAsync(() => Current, _stop.Token);
            return null;
        }
        catch (ReplicaRefusedException e)
        {
            return new SourceFacts.Standing(
                e.Refused.IsTemporary ? ReplicationWords.Waiting : ReplicationWords.Error, e.Refused.Message, e.Refused.NextStep, true)
            {
                Trouble = !e.Refused.IsTemporary ? TroubleClass.Final : e.Refused.Code is null ? TroubleClass.NotYet : TroubleClass.Fault,
            };
        }
        catch (PlanRefusedException e)
        {
            return new SourceFacts.Standing(
                ReplicationWords.Error, e.Message, "Delete the replication and its replica, and make a new one.", true)
            {
                Trouble = TroubleClass.Final,
            };
        }
        catch (BlockException e)
        {
            return new SourceFacts.Standing(
                ReplicationWords.Error, $"The volume cannot be read here: {e.Message}.", "Look at the backend's disk.", false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            return new SourceFacts.Standing(
                ReplicationWords.Disconnected, $"The replica's site is not reached: {e.Message}",
                "It goes on by itself when the site can be reached again.", false)
            {
                Trouble = TroubleClass.Link,
            };
        }
        catch (MoverProtocolException e)
        {
            return new SourceFacts.Standing(ReplicationWords.Error, e.Message, "It is tried again.", false);
        }
        finally
        {
            _cut = Facts.Transfer;
            (Facts.Tap, Facts.Window, Facts.Transfer) = (null, null, null);
            Facts.Group.End();
        }
    }

    /// <summary>
    /// What changed since the state that the replica said it is in, read off the map: afresh when nothing was owed and something is
    /// now, since "nothing" must not be told of an hour ago, and else each second at most.
    /// </summary>
    private long? OwedBytes(long number)
    {
        if (Facts.Replica is not { } replica || _volume is not { } volume)
        {
            return null;
        }

        var isFresh = _owed.Timestamp != 0
            && (_owed.Number == number || (_owed.Bytes > 0 && _time.GetElapsedTime(_owed.Timestamp) < TimeSpan.FromSeconds(1)));
        if (!isFresh)
        {
            try
            {
                _owed = (_time.GetTimestamp(), number, volume.ChangedSince(replica).Sum(r => r.LengthBytes));
            }
            catch (BlockException)
            {
                _owed = (_time.GetTimestamp(), number, null);
            }
        }

        return _owed.Bytes;
    }
}

/// <summary>The two copies cannot be brought together by this mover.</summary>
internal sealed class PlanRefusedException(string reason) : Exception(reason);
