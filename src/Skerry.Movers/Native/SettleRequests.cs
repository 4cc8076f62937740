namespace Skerry.Movers.Native;

/// <summary>Those who wait until the replica has everything durable.</summary>
internal sealed class SettleRequests
{
    private readonly Lock _lock = new();
    private readonly List<Waiting> _waiting = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isClosed;

    /// <summary>Completes when somebody waits.</summary>
    public Task Arrived
    {
        get
        {
            lock (_lock)
            {
                return _arrived.Task;
            }
        }
    }

    /// <param name="number">The write that must be durable at the replica.</param>
    /// <param name="cancellationToken">Ends the wait, with null.</param>
    public async ValueTask<long?> AskAsync(long number, CancellationToken cancellationToken)
    {
        var request = new Waiting(number, new TaskCompletionSource<long?>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_lock)
        {
            if (_isClosed)
            {
                return null;
            }

            _waiting.Add(request);
            _arrived.TrySetResult();
        }

        try
        {
            return await request.Answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _waiting.Remove(request);
            }

            return null;
        }
    }

    /// <summary>Takes those whose write was sent; the others, and whoever comes later, are for the next time.</summary>
    public IReadOnlyList<TaskCompletionSource<long?>> Take(long sentNumber)
    {
        lock (_lock)
        {
            var taken = _waiting.Where(w => w.Number <= sentNumber).Select(w => w.Answer).ToList();
            if (taken.Count > 0)
            {
                _waiting.RemoveAll(w => w.Number <= sentNumber);
            }

            if (_waiting.Count == 0 && _arrived.Task.IsCompleted)
            {
                _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return taken;
        }
    }

    /// <summary>Nobody will answer any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        foreach (var request in Take(long.MaxValue))
        {
            request.TrySetResult(null);
        }
    }

    private sealed record Waiting(long Number, TaskCompletionSource<long?> Answer);
}
