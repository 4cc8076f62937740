using System.Runtime.ExceptionServices;
using Skerry.State.Clocks;
using Skerry.State.Log;
using Skerry.State.Merging;
using Skerry.State.Storage;
using Skerry.State.Trust;

namespace Skerry.State;

/// <summary>Orders the writes of a replica, and makes them durable in groups.</summary>
/// <remarks>
/// <para>Two locks. <c>_gate</c> orders decisions: it guards the working state and the queue, and is held for memory work only.
/// <c>_storeTurn</c> is held by the one caller that talks to the store: whoever gets it appends all that waits, so the callers that
/// come behind it find theirs done. Order: the turn, then the gate.</para>
/// <para>The durable state is what readers see; the working one is that with every queued write applied, in queue order.</para>
/// </remarks>
internal sealed partial class CommitQueue : IAsyncDisposable
{
    private readonly ReplicaOptions _options;
    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly HybridClock _clock;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _storeTurn = new(1, 1);
    private readonly List<PendingWrite> _pending = [];
    private ReplicaState _working;
    private ReplicaState _durable;
    private StoreTail _tail;

    public CommitQueue(
        ReplicaOptions options, IStateStore store, TimeProvider time, Random random, HybridClock clock, Recovered recovered)
    {
        _options = options;
        _store = store;
        _time = time;
        _random = random;
        _clock = clock;
        _working = _durable = recovered.State;
        _tail = recovered.Tail;
        Log.Reset(recovered.LogBase, recovered.Log);
        Incarnation = DrawIdLocked();
    }

    public ulong Incarnation { get; private set; }

    public ReplicaState Durable => Volatile.Read(ref _durable);

    public MutationLog Log { get; } = new();

    public Feeds Feeds { get; } = new();

    private long NowMilliseconds => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Decides and waits until that, and all before it, is durable.</summary>
    public async ValueTask WriteAsync(Func<ReplicaState, Decided> decide)
    {
        var write = new PendingWrite(decide);
        lock (_gate)
        {
            ThrowIfStoppedLocked();
            DecideLocked(write);
            // It read nothing that is not durable, and wrote nothing: there is nothing to wait for.
            // (Not so while a joined state is being written: nothing is pending then, and what was read is not durable.)
            if (write.Mutations.Count == 0 && _pending.Count == 0 && ReferenceEquals(write.Before, _durable)) return;
            _pending.Add(write);
        }

        await _storeTurn.WaitAsync(CancellationToken.None);
        try
        {
            while (!write.IsSettled) await AppendGroupAsync();
        }
        finally
        {
            _storeTurn.Release();
        }

        switch (write.Failure)
        {
            case null:
                return;
            case StateStoreException store:
                throw new StateStoreException(store.Error, store.Message, store);
            default:
                ExceptionDispatchInfo.Throw(write.Failure);
                return;
        }
    }

    /// <summary>Puts another state in the place of this one, as one durable step.</summary>
    /// <param name="next">The new state, from the present one; what is decided from now on is decided over it.</param>
    /// <param name="seen">What it brings along, which the log does not hold.</param>
    /// <param name="forgetOwn">Begin a new incarnation and an empty log.</param>
    /// <param name="cancellationToken">Heeded until the step begins.</param>
    public async ValueTask ReplaceAsync(
        Func<ReplicaState, ReplicaState> next, VersionVector seen, bool forgetOwn, CancellationToken cancellationToken)
    {
        await _storeTurn.WaitAsync(cancellationToken);
        try
        {
            while (!await TryReplaceAsync(next, seen, forgetOwn)) await CatchUpAsync(CancellationToken.None);
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    /// <summary>Writes a checkpoint of what is durable.</summary>
    public async ValueTask CheckpointAsync(CancellationToken cancellationToken)
    {
        await _storeTurn.WaitAsync(cancellationToken);
        try
        {
            if (!await WriteCheckpointAsync(Durable, Log.Base, keepFrom: 0)) await CatchUpAsync(cancellationToken);
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    public async ValueTask<bool> CutLogAsync(CancellationToken cancellationToken)
    {
        await _storeTurn.WaitAsync(cancellationToken);
        try
        {
            var limits = _options.Limits;
            lock (_gate) ThrowIfStoppedLocked();
            if (Log.PlanCut(limits.MaxLogBytes, NowMilliseconds - (long)limits.MaxLogAge.TotalMilliseconds) is not { } cut) return false;
            if (!await WriteCheckpointAsync(Durable, cut.Base, cut.KeepFrom)) return false;
            Log.Cut(cut);
            return true;
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _storeTurn.WaitAsync(CancellationToken.None);
        try
        {
            if (_stopped?.Error == StateStoreError.Closed) return;
            lock (_gate) StopLocked(new StateStoreException(StateStoreError.Closed, $"{_store.Name} was closed."));
            Feeds.Close();
            await _store.DisposeAsync();
        }
        finally
        {
            _storeTurn.Release();
        }
    }

    private void DecideLocked(PendingWrite write)
    {
        write.Decide(_working, Hlc.FromUnixMilliseconds(NowMilliseconds - (long)_options.Limits.ConflictHistoryAge.TotalMilliseconds));
        _working = write.After;
    }

    private async ValueTask AppendGroupAsync()
    {
        PendingWrite[] group;
        lock (_gate) group = TakeGroupLocked();
        Mutation[] mutations = [.. group.SelectMany(write => write.Mutations)];
        if (mutations.Length > 0)
        {
            if (_options.Sealer is { } sealer) Sealing.Seal(mutations, new Writer(_options.Site, Incarnation), sealer);
            var now = NowMilliseconds;
            var id = DrawId();
            try
            {
                var started = _time.GetTimestamp();
                if (!await _store.AppendAsync(_tail.LastId, id, EntryCodec.Encode(mutations, now), CancellationToken.None))
                {
                    await CatchUpAsync(CancellationToken.None);
                    return;
                }

                StateMetrics.Appended(mutations.Length, _time.GetElapsedTime(started));
                _tail = _tail with { Position = _tail.Position + 1, LastId = id };
            }
            catch (StateStoreException full) when (full.Error is StateStoreError.Full or StateStoreError.Locked)
            {
                RefuseGroup(group, full);
                return;
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Fail(fault, id, group.Length);
                return;
            }

            Log.Append([.. mutations.Select(mutation => new Logged(mutation, _tail.Position, now))]);
        }

        lock (_gate)
        {
            _pending.RemoveRange(0, group.Length);
            Volatile.Write(ref _durable, group[^1].After);
            foreach (var write in group) write.Settle();
        }

        Feeds.Publish(mutations);
    }

    private PendingWrite[] TakeGroupLocked()
    {
        var bytes = 0L;
        var count = 0;
        foreach (var write in _pending)
        {
            bytes += write.Mutations.Sum(mutation => (long)mutation.Encoded.Length);
            if (count > 0 && bytes > _options.Limits.MaxGroupBytes) break;
            count++;
        }

        return [.. _pending.GetRange(0, count)];
    }

    /// <summary>The group certainly did not happen. What was decided upon it is decided again without it.</summary>
    private void RefuseGroup(PendingWrite[] group, StateStoreException full)
    {
        lock (_gate)
        {
            _pending.RemoveRange(0, group.Length);
            foreach (var write in group) write.Settle(full);
            DecideAgainLocked(_durable);
        }
    }

    private void DecideAgainLocked(ReplicaState from)
    {
        _working = from;
        for (var i = 0; i < _pending.Count;)
        {
            try
            {
                DecideLocked(_pending[i]);
                i++;
            }
            catch (Exception refused) when (refused is not OutOfMemoryException)
            {
                // The decision's own answer, over the state that now is.
                _pending[i].Settle(refused);
                _pending.RemoveAt(i);
            }
        }
    }

    private async ValueTask<bool> TryReplaceAsync(Func<ReplicaState, ReplicaState> next, VersionVector seen, bool forgetOwn)
    {
        ReplicaState? after = null;
        while (after is null)
        {
            // What was decided over the present state comes before the step.
            while (HasPending()) await AppendGroupAsync();
            lock (_gate)
            {
                ThrowIfStoppedLocked();
                if (_pending.Count > 0) continue;
                after = _working = next(_working);
                if (forgetOwn) Incarnation = DrawIdLocked();
            }
        }

        var logBase = forgetOwn ? after.Vector : Log.Base.Merge(seen);
        try
        {
            if (!await WriteCheckpointAsync(after, logBase, forgetOwn ? _tail.Position + 1 : 0))
            {
                lock (_gate) DecideAgainLocked(_durable);
                return false;
            }
        }
        catch (StateStoreException full) when (full.NothingWritten)
        {
            lock (_gate) DecideAgainLocked(_durable);
            throw;
        }

        if (forgetOwn) Log.Reset(logBase, []);
        else Log.RaiseBase(logBase);
        Volatile.Write(ref _durable, after);
        Feeds.PublishEverything();
        return true;
    }

    /// <summary>Has the turn; the state is the one at the tail's position.</summary>
    private async ValueTask<bool> WriteCheckpointAsync(ReplicaState state, VersionVector logBase, long keepFrom)
    {
        Hlc lastOwn;
        lock (_gate) lastOwn = _clock.Last;
        var head = EntryCodec.EncodeHead(new CheckpointHead(_options.Site, lastOwn, logBase));
        var id = DrawId();
        try
        {
            var parts = new StateSnapshot(state).Encode().Prepend(head);
            if (!await _store.ReplaceAsync(_tail.LastId, id, parts, keepFrom, CancellationToken.None)) return false;
        }
        catch (Exception fault)
        {
            Fail(fault, id, inFlight: 0);
            lock (_gate)
            {
                if (_stopped is not null) ThrowIfStoppedLocked();
            }

            throw;
        }

        _tail = _tail with { LastId = id, CheckpointPosition = _tail.Position, CheckpointId = id };
        return true;
    }

    private bool HasPending()
    {
        lock (_gate) return _pending.Count > 0;
    }

    private ulong DrawId()
    {
        lock (_gate) return DrawIdLocked();
    }

    private ulong DrawIdLocked() => SiteId.Create(_random).Value;
}
