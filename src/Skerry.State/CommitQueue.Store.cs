using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;

namespace Skerry.State;

/// <content>
/// How the queue stands with its store: what another daemon wrote there, a store that is away for a while, one that was put back to an
/// older copy, and one that failed for good. All of it has the turn.
/// </content>
internal sealed partial class CommitQueue
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>For good: until the process starts again.</summary>
    private StateStoreException? _stopped;

    /// <summary>For a while: until the store is read again.</summary>
    private StateStoreException? _lost;

    private DateTimeOffset? _faultSince;
    private StorePutBack? _putBack;
    private int _attempts;

    /// <summary>Completed when the store is found to be away, for who waits for it to change.</summary>
    private TaskCompletionSource _trouble = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The id of a write that may or may not be in the store; 0 for none.</summary>
    private ulong _unanswered;

    public StoreReport Report
    {
        get
        {
            lock (_gate) return new StoreReport(_store.Name, _stopped ?? _lost, _faultSince, _stopped is not null, _putBack);
        }
    }

    /// <summary>One step of following: waits until the store may hold something new, or until a lost one is to be asked again, and reads on.</summary>
    public async ValueTask FollowAsync(CancellationToken cancellationToken)
    {
        var report = Report;
        if (report.IsFinal) await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        if (report.Fault is not null) await Task.Delay(Backoff(), _time, cancellationToken);
        else await WaitForChangeAsync(cancellationToken);

        await _storeTurn.WaitAsync(cancellationToken);
        try
        {
            await CatchUpAsync(cancellationToken);
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    private async ValueTask WaitForChangeAsync(CancellationToken cancellationToken)
    {
        await _storeTurn.WaitAsync(cancellationToken);
        var (known, trouble) = (_tail.LastId, _trouble.Task);
        _storeTurn.Release();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var waiting = _store.WaitForChangeAsync(known, enough.Token).AsTask();
            await Task.WhenAny(waiting, trouble);
            await enough.CancelAsync();
            await waiting;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A write found the store away.
        }
        catch (StateStoreException deaf) when (deaf.Passes)
        {
            // Reading the tail tells what it means; a store that is read and cannot be listened to is looked at now and then.
            await Task.Delay(FirstDelay, _time, cancellationToken);
        }
    }

    private TimeSpan Backoff() => TimeSpan.FromTicks(Math.Min(FirstDelay.Ticks << Math.Min(_attempts++, 10), LongestDelay.Ticks));

    /// <summary>Takes in what the store holds beyond what is known here, and decides again what waits.</summary>
    private async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            lock (_gate)
            {
                if (_stopped is not null) return;
            }

            if (await Continuation.ReadAsync(_store, _tail, cancellationToken) is { } more) TakeIn(more);
            else await ReloadAsync(cancellationToken);
            lock (_gate)
            {
                if (_lost is not null) _trouble = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _lost = null;
                _faultSince = null;
                _attempts = 0;
            }
        }
        catch (StateStoreException passing) when (passing.Passes)
        {
            Lose(passing, id: 0, inFlight: 0);
        }
        catch (StateFormatException damaged)
        {
            Stop(Recovered.Damaged(_store, damaged));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Stop(fault);
        }
    }

    private void TakeIn(Continuation more)
    {
        if (more.Tail == _tail && _unanswered == 0) return;
        var mutations = more.Mutations;
        foreach (var (_, logged) in more.Entries) Log.Append(logged);
        var lastOwn = mutations.Where(mutation => mutation.Dot.Site == _options.Site).Select(mutation => mutation.Stamp).DefaultIfEmpty().Max();
        var highest = mutations.Select(mutation => mutation.Stamp).DefaultIfEmpty().Max();
        Continue(_durable.Apply(mutations, _options.Schema), more.Tail, more.Entries.Any(entry => entry.Id == _unanswered), lastOwn, highest);
        Feeds.Publish(mutations);
    }

    private async ValueTask ReloadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await Recovered.LoadAsync(_store, _options.Site, _options.Schema, cancellationToken);
            var isThere = _unanswered != 0 && found.Tail.CheckpointId == _unanswered;
            if (!isThere && !found.State.Vector.CoversAll(_durable.Vector))
            {
                await WriteBackAsync(found);
                continue;
            }

            Log.Reset(found.LogBase, found.Log);
            Continue(found.State, found.Tail, isThere, found.LastOwnStamp, found.HighestStamp);
            Feeds.PublishEverything();
            return;
        }
    }

    /// <summary>
    /// The store lacks what was durable there: it was put back to an older copy. What is known here goes back into it, joined with what
    /// it holds, unless another daemon was first; it is read again in either case.
    /// </summary>
    private async ValueTask WriteBackAsync(Recovered found)
    {
        var lacks = _durable.Vector.Sum(dot => Math.Max(0, dot.Sequence - found.State.Vector[dot.Writer]));
        var had = _tail;
        lock (_gate)
        {
            // A write without an answer may have been seen elsewhere before it was taken back: its number is never used again.
            Incarnation = DrawIdLocked();
            _unanswered = 0;
            _putBack = new StorePutBack(_time.GetUtcNow(), had, found.Tail, lacks);
        }

        try
        {
            _tail = found.Tail;
            await WriteCheckpointAsync(_durable.Join(found.State, _options.Schema), found.LogBase.Merge(_durable.Vector), keepFrom: 0);
        }
        finally
        {
            _tail = had;
        }
    }

    /// <summary>Goes on from what the store holds.</summary>
    /// <param name="state">That.</param>
    /// <param name="tail">Where it stands.</param>
    /// <param name="isThere">A write whose answer was missing is in it.</param>
    /// <param name="lastOwn">This site's highest stamp in what was read.</param>
    /// <param name="highest">The highest of all.</param>
    private void Continue(ReplicaState state, StoreTail tail, bool isThere, Hlc lastOwn, Hlc highest)
    {
        lock (_gate)
        {
            _clock.ObserveOwn(lastOwn);
            _clock.Observe(highest);
            // One that is not there now may come yet, or may have been there in between for others to see: its number is never used again.
            if (_unanswered != 0 && !isThere) Incarnation = DrawIdLocked();
            _unanswered = 0;
            _tail = tail;
            Volatile.Write(ref _durable, state);
            DecideAgainLocked(state);
        }
    }

    /// <summary>A write to the store failed. Only where nothing at all was written, for want of room, does the queue simply go on.</summary>
    /// <param name="fault">How.</param>
    /// <param name="id">Of the write.</param>
    /// <param name="inFlight">How many of those that wait were in it.</param>
    private void Fail(Exception fault, ulong id, int inFlight)
    {
        if (fault is not StateStoreException { Passes: true } passing) Stop(fault);
        else if (passing.Error is not (StateStoreError.Full or StateStoreError.Locked)) Lose(passing, id, inFlight);
    }

    /// <summary>The store is away for a while: nothing is acknowledged until it is read again, and nobody waits for that.</summary>
    private void Lose(StateStoreException fault, ulong id, int inFlight)
    {
        lock (_gate)
        {
            _faultSince ??= _time.GetUtcNow();
            _lost = fault;
            _trouble.TrySetResult();
            if (!fault.NothingWritten) _unanswered = id;
            for (var i = 0; i < _pending.Count; i++) _pending[i].Settle(i < inFlight ? fault : NotSent(fault));
            _pending.Clear();
            _working = _durable;
        }
    }

    /// <summary>It is not known what the store holds, and asking it again would prove nothing: nothing more is acknowledged.</summary>
    private void Stop(Exception fault)
    {
        lock (_gate)
        {
            if (_stopped is not null) return;
            var error = fault is StateStoreException known ? known.Error : StateStoreError.Io;
            StopLocked(new StateStoreException(
                error, $"{_store.Name} failed, and nothing more is acknowledged until the daemon starts again: {fault.Message}", fault));
        }
    }

    private void StopLocked(StateStoreException reason)
    {
        _faultSince ??= _time.GetUtcNow();
        _stopped = reason;
        foreach (var write in _pending) write.Settle(reason);
        _pending.Clear();
        _working = _durable;
    }

    private void ThrowIfStoppedLocked()
    {
        if (_stopped is { } reason) throw new StateStoreException(reason.Error, reason.Message, reason.InnerException);
        if (_lost is { } lost) throw NotSent(lost);
    }

    private StateStoreException NotSent(StateStoreException fault) => fault.NothingWritten
        ? new StateStoreException(fault.Error, fault.Message, fault)
        : new StateStoreException(StateStoreError.Unreachable, $"{_store.Name} did not answer an earlier write, and this one was not sent; try again when it answers.", fault);
}
