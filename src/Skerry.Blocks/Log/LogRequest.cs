using System.Threading.Tasks.Sources;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Something that waits for the log: to be written in its turn, to be durable, or both. Completed exactly once. Those that are pooled
/// go back to the pool when their outcome has been taken.
/// </summary>
internal abstract class LogRequest : IValueTaskSource, IThreadPoolWorkItem
{
    private static readonly Action<object?> QueueContinuation = static request => ThreadPool.UnsafeQueueUserWorkItem((LogRequest)request!, preferLocal: true);

    // Continuations run elsewhere: the log's writer must not carry out its callers' work.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private Action<object?>? _continuation;
    private object? _continuationState;

    public ValueTask Task => new(this, _core.Version);

    public void Complete() => _core.SetResult(true);

    public void Fail(Exception exception) => _core.SetException(exception);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <remarks>
    /// Where no context has to be kept, the request itself is what goes to the pool: each that the base library makes for it is an allocation.
    /// </remarks>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if ((flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0
            || ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0
                && (SynchronizationContext.Current is not null || TaskScheduler.Current != TaskScheduler.Default)))
        {
            _core.OnCompleted(continuation, state, token, flags);
            return;
        }

        (_continuation, _continuationState) = (continuation, state);
        _core.RunContinuationsAsynchronously = false;
        _core.OnCompleted(QueueContinuation, this, token, ValueTaskSourceOnCompletedFlags.None);
    }

    public void Execute()
    {
        // Before it runs: that may give the request back, and somebody else takes it up.
        var (continuation, state) = (_continuation!, _continuationState);
        (_continuation, _continuationState) = (null, null);
        continuation(state);
    }

    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _core.RunContinuationsAsynchronously = true;
            Taken();
        }
    }

    /// <summary>The outcome has been taken: nobody else holds the request.</summary>
    protected virtual void Taken()
    {
    }
}

/// <summary>Waits until what was written before is durable.</summary>
internal sealed class FlushRequest(RequestPool pool) : LogRequest
{
    protected override void Taken() => pool.Return(this);
}

/// <summary>
/// A change to decide and to log in its turn. <paramref name="decide"/> runs alone, after all that was submitted before; it throws
/// <see cref="BlockException"/> to refuse, or answers null when there is nothing to log. <paramref name="applied"/> runs
/// right after the change, before anything that was submitted later.
/// </summary>
internal sealed class ChangeRequest(VolumeState? volume, Func<Change?> decide, Action? applied, bool durable, bool mayUseReserve) : LogRequest
{
    public VolumeState? Volume { get; } = volume;

    public bool Durable { get; } = durable;

    public bool MayUseReserve { get; } = mayUseReserve;

    public Change? Decide() => decide();

    public void Applied() => applied?.Invoke();
}
