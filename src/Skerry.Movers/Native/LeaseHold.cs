using Skerry.Blocks;
using Skerry.Domain.Recovery;

namespace Skerry.Movers.Native;

/// <summary>The lease as the primary has it, and those who wait for it to be granted again.</summary>
internal sealed class LeaseHold(string replicationId, BootClock clock, bool isAskedFor)
{
    private readonly HeldLease _lease = new(clock);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAskedFor = isAskedFor;

    public string ReplicationId => replicationId;

    /// <summary>That there are leases is on stable storage beside the volume, so that a restart does not forget it. Nothing is asked before.</summary>
    public bool IsRecorded { get; set; } = isAskedFor;

    /// <summary>True from the first ask on: the target may hold the right to promote itself.</summary>
    public bool IsAskedFor => Volatile.Read(ref _isAskedFor);

    /// <summary>Before the first ask nobody promised anything, so nobody has to be waited for.</summary>
    public bool MayAcknowledge => !Volatile.Read(ref _isAskedFor) || _lease.IsValid;

    /// <summary>Completes, or fails, when <see cref="MayAcknowledge"/> is worth another look.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>To be called before the ask is sent: from here on nothing is acknowledged without a grant.</summary>
    public long BeginAsk()
    {
        var ask = _lease.BeginAsk();
        Volatile.Write(ref _isAskedFor, true);
        return ask;
    }

    public void Granted(long ask, TimeSpan length)
    {
        _lease.Granted(ask, length);
        Signal();
    }

    public void Signal() =>
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public void Close(string volumeId) => Volatile.Read(ref _changed).TrySetException(
        new BlockException(BlockError.Closed, $"volume {volumeId} is not primary here any more"));
}
