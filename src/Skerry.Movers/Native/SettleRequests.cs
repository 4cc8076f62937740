namespace Skerry.Movers.Native;

/// <summary>Those who wait until the replica has everything durable.</summary>
internal sealed class SettleRequests
{
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource<long?>> _waiting = [];
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

    public async ValueTask<long?> AskAsync(CancellationToken cancellationToken)
    {
        var request = new TaskCompletionSource<long?>(TaskCreationOptions.RunContinuationsAsynchronously);
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
            return await request.Task.WaitAsync(cancellationToken);
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

    /// <summary>Takes those who wait; whoever comes later is for the next time.</summary>
    public IReadOnlyList<TaskCompletionSource<long?>> Take()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return [];
            }

            TaskCompletionSource<long?>[] taken = [.. _waiting];
            _waiting.Clear();
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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

        foreach (var request in Take())
        {
            request.TrySetResult(null);
        }
    }
}
