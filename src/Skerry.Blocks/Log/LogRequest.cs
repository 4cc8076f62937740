using System.Threading.Tasks.Sources;
using Skerry.Blocks.Maps;

namespace Skerry.Blocks.Log;

/// <summary>
/// Something that waits for the log: to be written in its turn, to be durable, or both. Completed exactly once. Those that are pooled
/// go back to the pool when their outcome has been taken.
/// </summary>
internal abstract class LogRequest : IValueTaskSource
{
    // Continuations run elsewhere: the log's writer must not carry out its callers' work.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask Task => new(this, _core.Version);

    public void Complete() => _core.SetResult(true);

    public void Fail(Exception exception) => _core.SetException(exception);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
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
