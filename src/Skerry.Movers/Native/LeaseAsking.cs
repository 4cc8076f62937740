using System.Net.WebSockets;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>Asks the target for leases over one link, begins with it when the replica is whole, and gives them up when they are not wanted.</summary>
internal sealed class LeaseAsking(BlockVolume volume, SourceAcks acks, NativeMoverOptions options, TimeProvider time)
{
    private TaskCompletionSource? _released;
    private long? _lastAsk;

    public async Task RunAsync(FrameChannel channel, CancellationTokenSource ended)
    {
        using var timer = new PeriodicTimer(Least(options.HeartbeatInterval, acks.Terms.Lease / 6), time);
        try
        {
            do
            {
                await StepAsync(channel, ended.Token);
            }
            while (await timer.WaitForNextTickAsync(ended.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException or BlockException)
        {
            await ended.CancelAsync();
        }
    }

    public void Granted(LeaseGrantMessage grant) =>
        acks.Lease?.Granted(grant.Sequence, Least(TimeSpan.FromMilliseconds(grant.LengthMilliseconds), acks.Terms.Lease));

    public void Released() => _released?.TrySetResult();

    /// <summary>Waits until a lease that is not wanted any more was given back.</summary>
    public async ValueTask UntilGivenBackAsync(CancellationToken cancellationToken)
    {
        while (acks is { Lease: not null, Shortcoming: null } && !IsWanted)
        {
            await Task.Delay(options.HeartbeatInterval / 8, time, cancellationToken);
        }
    }

    private bool IsWanted => acks.Terms is { StopsWhenIsolated: true, IsTargetFenced: false };

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private async ValueTask StepAsync(FrameChannel channel, CancellationToken cancellationToken)
    {
        if (acks.Shortcoming is not null)
        {
            return;
        }

        var terms = acks.Terms;
        var lease = acks.Lease;
        var isWanted = IsWanted;
        if (_released is not null)
        {
            // Nothing is asked for on this link any more: a promise that is given back must not be renewed by an ask behind it.
            if (_released.Task.IsCompleted)
            {
                _released = null;
                await acks.UnbindAsync(cancellationToken);
            }

            return;
        }

        if (lease is null)
        {
            // Not before the replica has all that was acknowledged: from here on it may be promoted without a question.
            if (!isWanted || !acks.IsStreaming || acks.Ack is { Standing.IsBoth: false })
            {
                return;
            }
        }
        else if (!isWanted)
        {
            _released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var release = new FrameBuilder(FrameKind.LeaseRelease);
            await channel.SendAsync(release, cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.LeaseReleaseSent, volume);
            return;
        }

        if (lease is not { IsRecorded: true } && await acks.BindAsync(cancellationToken) is var bound)
        {
            lease = bound;
        }

        if (lease is null || (_lastAsk is { } last && time.GetElapsedTime(last) < terms.Lease / 3))
        {
            return;
        }

        _lastAsk = time.GetTimestamp();
        var ask = new LeaseAskMessage(lease.BeginAsk(), (long)terms.Lease.TotalMilliseconds);
        await channel.SendAsync(FrameKind.LeaseAsk, ask, MoverJson.Default.LeaseAskMessage, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.LeaseAskSent, volume);
    }
}
