namespace Skerry.Movers.Native;

/// <summary>Why a transfer is wanted: what restores protection goes before what a schedule asks for.</summary>
internal enum TransferUrgency
{
    /// <summary>A copy is to follow again: an instant replica that was away or is new, or one that diverged.</summary>
    Restore = 0,

    /// <summary>A run of a one-time or periodic replication.</summary>
    Scheduled = 1,
}

/// <summary>
/// How many transfers run at once at this site. Of those that wait, restores go first; then whose volume has the fewest under way, so
/// that a volume with many targets does not hold up the others; then who came first. Streams are no transfers. Safe for concurrent use.
/// </summary>
internal sealed class TransferTurns(int atOnce)
{
    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiting = [];
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);
    private int _free = atOnce;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>True when a turn is free now: the wait will be none.</summary>
    public bool IsFree
    {
        get
        {
            lock (_lock)
            {
                return _free > 0;
            }
        }
    }

    /// <summary>Waits for a turn, which ends when what is returned is disposed.</summary>
    public async ValueTask<IDisposable> EnterAsync(string volumeId, TransferUrgency urgency, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(volumeId, urgency, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            _waiting.Add(waiter);
            AdmitNext();
        }

        try
        {
            await waiter.Admitted.Task.WaitAsync(cancellationToken);
            return new Turn(this, volumeId);
        }
        catch
        {
            lock (_lock)
            {
                if (!_waiting.Remove(waiter))
                {
                    // Admitted in the moment in which it gave up.
                    Leave(volumeId);
                }
            }

            throw;
        }
    }

    private void AdmitNext()
    {
        while (_free > 0 && _waiting.Count > 0)
        {
            var next = _waiting.OrderBy(w => w.Urgency).ThenBy(w => _running.GetValueOrDefault(w.VolumeId)).First();
            _waiting.Remove(next);
            _free--;
            _running[next.VolumeId] = _running.GetValueOrDefault(next.VolumeId) + 1;
            next.Admitted.TrySetResult();
        }
    }

    private void Leave(string volumeId)
    {
        lock (_lock)
        {
            _free++;
            if (--_running[volumeId] == 0)
            {
                _running.Remove(volumeId);
            }

            AdmitNext();
        }
    }

    private sealed record Waiter(string VolumeId, TransferUrgency Urgency, TaskCompletionSource Admitted);

    private sealed class Turn(TransferTurns turns, string volumeId) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                turns.Leave(volumeId);
            }
        }
    }
}
