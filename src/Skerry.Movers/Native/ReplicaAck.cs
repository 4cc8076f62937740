using Skerry.Blocks;

namespace Skerry.Movers.Native;

/// <summary>Who waits until one replica has their writes durable, and whether they have to.</summary>
/// <remarks>
/// The invariant: a flush goes on without the replica only while it is noted, durably, that flushes do; and the note is taken back only
/// when the replica has, durably, all that went on without it. One ask is under way at a time; whoever comes meanwhile shares the next.
/// </remarks>
internal sealed class ReplicaAck(string volumeId, bool isNoted)
{
    private readonly Lock _lock = new();
    private readonly List<Waiting> _waiting = [];
    private TaskCompletionSource _wanted = NewSignal();
    private TaskCompletionSource _keeperWanted = NewSignal();
    private bool _isStreaming, _isNoted = isNoted, _isReleased;
    private bool _mayGoOn;
    private Exception? _closed;
    private long _durable, _asked, _clearAt = -1, _wentOnUpTo;

    /// <summary>Completes when the link should ask.</summary>
    public Task Wanted
    {
        get
        {
            lock (_lock)
            {
                return _wanted.Task;
            }
        }
    }

    /// <summary>Completes when the note is to be written or taken back.</summary>
    public Task KeeperWanted
    {
        get
        {
            lock (_lock)
            {
                return _keeperWanted.Task;
            }
        }
    }

    /// <summary>Whether a flush that came now would be acknowledged at both, at the primary alone, or not at all.</summary>
    public (bool IsBoth, bool IsLocalOnly) Standing
    {
        get
        {
            lock (_lock)
            {
                return (_isStreaming && !_isNoted, !_isStreaming && _mayGoOn);
            }
        }
    }

    public Task DurableAsync(long number, CancellationToken cancellationToken)
    {
        Waiting waiting;
        lock (_lock)
        {
            if (_closed is not null)
            {
                return Task.FromException(_closed);
            }

            if (_isReleased || (_isStreaming && number <= _durable))
            {
                return Task.CompletedTask;
            }

            if (GoesOn)
            {
                _wentOnUpTo = Math.Max(_wentOnUpTo, number);
                return Task.CompletedTask;
            }

            waiting = new Waiting(number, NewSignal());
            _waiting.Add(waiting);
            (_isStreaming ? _wanted : _keeperWanted).TrySetResult();
        }

        return cancellationToken.CanBeCanceled ? WaitAsync(waiting, cancellationToken) : waiting.Done.Task;
    }

    /// <summary>
    /// The replica follows from this number on, of which it has so much durable: flushes wait for it again.
    /// </summary>
    public void Streaming(long number, long durable)
    {
        lock (_lock)
        {
            (_isStreaming, _durable, _asked, _clearAt) = (true, durable, 0, Math.Max(number, _wentOnUpTo));
            CompleteUpToDurable();
        }
    }

    /// <summary>The replica does not follow: whoever waits goes on when that may be and was noted.</summary>
    public void Away()
    {
        lock (_lock)
        {
            _isStreaming = false;
            SignalKeeper();
        }
    }

    /// <summary>Whether flushes may go on at all while the replica is away.</summary>
    public void LetGoOn(bool mayGoOn)
    {
        lock (_lock)
        {
            _mayGoOn = mayGoOn;
            if (GoesOn)
            {
                CompleteAll();
            }

            SignalKeeper();
        }
    }

    /// <summary>True when somebody waits for writes that were not sent yet.</summary>
    public bool IsAwaited(long sent)
    {
        lock (_lock)
        {
            return _isStreaming && _waiting.Exists(w => w.Number > sent);
        }
    }

    /// <summary>Up to where the replica is to be asked now, of what was sent to it; null when there is nothing to ask.</summary>
    public long? TakeAsk(long sent)
    {
        lock (_lock)
        {
            if (_wanted.Task.IsCompleted)
            {
                _wanted = NewSignal();
            }

            if (!_isStreaming || _asked > _durable || !_waiting.Exists(w => w.Number <= sent && w.Number > _durable)
                && !(_isNoted && _clearAt > _durable && _clearAt <= sent))
            {
                return null;
            }

            _asked = sent;
            return sent;
        }
    }

    /// <summary>The replica said so.</summary>
    public void Durable(long number)
    {
        lock (_lock)
        {
            _durable = Math.Max(_durable, number);
            CompleteUpToDurable();
        }
    }

    /// <summary>True when flushes wait to go on, and that has to be noted first.</summary>
    public bool NeedsNote
    {
        get
        {
            lock (_lock)
            {
                if (_keeperWanted.Task.IsCompleted)
                {
                    _keeperWanted = NewSignal();
                }

                return !_isStreaming && _mayGoOn && !_isNoted && _waiting.Count > 0;
            }
        }
    }

    /// <summary>It is on stable storage that flushes go on by themselves.</summary>
    public void Noted()
    {
        lock (_lock)
        {
            _isNoted = true;
            if (GoesOn)
            {
                CompleteAll();
            }
            else
            {
                SignalKeeper();
            }
        }
    }

    /// <summary>
    /// True when the note can be taken back; from this call on no flush goes on by itself before there is another note.
    /// </summary>
    public bool TakeNoteBack()
    {
        lock (_lock)
        {
            if (!_isNoted || !_isStreaming || _clearAt < 0 || _durable < _clearAt)
            {
                return false;
            }

            (_isNoted, _wentOnUpTo) = (false, 0);
            return true;
        }
    }

    /// <summary>Nobody has to wait any more.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _isReleased = true;
            CompleteAll();
        }
    }

    /// <summary>Whoever waits is never acknowledged.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = new BlockException(BlockError.Closed, $"volume {volumeId} is not primary here any more");
            _waiting.ForEach(w => w.Done.TrySetException(_closed));
            _waiting.Clear();
        }
    }

    private bool GoesOn => !_isStreaming && _mayGoOn && _isNoted;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WaitAsync(Waiting waiting, CancellationToken cancellationToken)
    {
        try
        {
            await waiting.Done.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _waiting.Remove(waiting);
            }

            throw;
        }
    }

    private void SignalKeeper()
    {
        if ((!_isStreaming && _mayGoOn && !_isNoted && _waiting.Count > 0) || (_isStreaming && _isNoted && _durable >= _clearAt))
        {
            _keeperWanted.TrySetResult();
        }
    }

    private void CompleteUpToDurable()
    {
        _waiting.RemoveAll(w => w.Number <= _durable && w.Done.TrySetResult());
        if (_waiting.Count > 0 || (_isNoted && _durable < _clearAt))
        {
            _wanted.TrySetResult();
        }

        SignalKeeper();
    }

    private void CompleteAll()
    {
        foreach (var waiting in _waiting)
        {
            _wentOnUpTo = Math.Max(_wentOnUpTo, waiting.Number);
            waiting.Done.TrySetResult();
        }

        _waiting.Clear();
    }

    private sealed record Waiting(long Number, TaskCompletionSource Done);
}
