using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>Whether what went wrong can pass, and by what.</summary>
internal enum TroubleClass
{
    /// <summary>The replica's site is not reached, or the link broke: tried again for as long as the task stands.</summary>
    Link,

    /// <summary>What the sites know of each other has not arrived yet: likewise.</summary>
    NotYet,

    /// <summary>A fault at either end that may pass, as a full disk: tried again within the budget.</summary>
    Fault,

    /// <summary>Nothing that time alone changes.</summary>
    Final,
}

/// <summary>
/// How often, and how soon, a task is tried again. Pauses double with jitter. A fault may happen so many times in a row; then, or at once
/// when trying cannot help, the task rests until its next run, or until somebody asks. A task without runs has no next one, so it is
/// looked at again after a longer time.
/// </summary>
/// <remarks>Not safe for concurrent use.</remarks>
internal sealed class RetryBudget(NativeMoverOptions options, TimeProvider time, Random jitter)
{
    private TimeSpan _pause = options.RetryMin;
    private string _lastReason = "";
    private int _faults;
    private int _failures;

    /// <summary>The task got on, or somebody asked: the next trouble is the first.</summary>
    public void Reset() => (_pause, _lastReason, _faults, _failures) = (options.RetryMin, "", 0, 0);

    /// <summary>Notes a failed attempt. The pause until the next, null for none, and how retries stand.</summary>
    public (TimeSpan? Pause, RetryStatus Status) AfterFailure(TroubleClass trouble, string reason, bool hasRuns)
    {
        // Another reason is another stretch of the way: it was reached, which is getting on.
        if (reason != _lastReason)
        {
            (_pause, _lastReason) = (options.RetryMin, reason);
        }

        _failures++;
        _faults += trouble == TroubleClass.Fault ? 1 : 0;
        var left = trouble switch
        {
            TroubleClass.Fault => Math.Max(0, options.RetryBudget - _faults),
            TroubleClass.Final => 0,
            _ => (int?)null,
        };
        TimeSpan? wait = left == 0 ? hasRuns ? null : options.ProbeInterval : _pause * (0.75 + (jitter.NextDouble() / 2));
        _pause = _pause * 2 > options.RetryMax ? options.RetryMax : _pause * 2;
        return (wait, new RetryStatus(_failures, left, wait is { } pause ? time.GetUtcNow() + pause : null, trouble != TroubleClass.Final));
    }
}
