using System.Net.WebSockets;
using System.Runtime.ExceptionServices;
using Skerry.Blocks;
using Skerry.Blocks.Encryption;
using Skerry.Domain;
using Skerry.Domain.Replication;
using Skerry.Movers.Native.Wire;

namespace Skerry.Movers.Native;

/// <summary>
/// One connection of a source to its replica, from the greeting to the end: one task follows the replica and brings it up, one takes
/// its answers, one shows that the source is alive, and one asks for leases. Whatever ends one of them ends the link.
/// </summary>
internal sealed class SourceLink
{
    private readonly SourceEnd _source;
    private readonly FrameChannel _channel;
    private readonly SettleRequests _settle;
    private readonly SourceAcks _acks;
    private readonly ReplicaPeer _peer;
    private readonly PassedSnapshots _snapshots;
    private readonly PassedCuts _cuts;
    private readonly SourceTransfer _transfer;
    private readonly LeaseAsking _leases;
    private readonly OutsideCipher? _cipher;
    private Exception? _failure;
    private Task _leasing = Task.CompletedTask;

    /// <param name="source">What is replicated.</param>
    /// <param name="channel">Fresh, and the caller's to dispose of.</param>
    /// <param name="settle">Those who wait until the replica has everything.</param>
    /// <param name="acks">What acknowledgements wait for.</param>
    /// <param name="limits">Shared by all transfers of the site.</param>
    /// <param name="cipher">Where the replica's site is to hold ciphertext only; the caller's to dispose of.</param>
    public SourceLink(
        SourceEnd source, FrameChannel channel, SettleRequests settle, SourceAcks acks, TransferLimits limits, OutsideCipher? cipher = null)
    {
        (_source, _channel, _settle, _acks, _cipher) = (source, channel, settle, acks, cipher);
        _peer = new ReplicaPeer(source, channel);
        _snapshots = new PassedSnapshots(source, _peer);
        _cuts = new PassedCuts(source, _peer);
        _transfer = new SourceTransfer(
            source, new SourceCatchUp(source, _peer, limits.Of(source.Task.TargetSite), cipher), _snapshots, _cuts, limits.Turns);
        _leases = new LeaseAsking(source.Volume, acks, source.Options, source.Time);
    }

    /// <summary>Returns when the run that <paramref name="current"/> names is complete; never while it names none.</summary>
    public async Task RunAsync(Func<MoverTask> current, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await _peer.GreetAsync(ended.Token);
        var receiving = ReceiveAsync(ended);
        var beating = BeatAsync(ended);
        var watching = _channel.WatchAsync(_source.Options.DeadAfter, ended);
        try
        {
            await FollowAsync(current, ended);
            await _channel.CloseAsync("done");
        }
        catch (Exception e) when (_channel.IsSilent && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"nothing was heard of it for {_source.Options.DeadAfter.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (Volatile.Read(ref _failure) is { } cause && cause != e && !cancellationToken.IsCancellationRequested)
        {
            ExceptionDispatchInfo.Throw(cause);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(receiving, beating, watching, _leasing);
            _source.Facts.Now = _source.Facts.Now with { IsConnected = false };
        }
    }

    private async ValueTask FollowAsync(Func<MoverTask> current, CancellationTokenSource ended)
    {
        var cancellationToken = ended.Token;
        var state = await _peer.FirstStateAsync(cancellationToken);
        _snapshots.Begin(state);
        _acks.Shortcoming = _peer.Can(Features.FlushAsk) && _peer.Can(Features.Lease)
            ? null
            : "The replica's site is of an older version, which does not answer flushes.";
        _leasing = _leases.RunAsync(_channel, ended);
        while (true)
        {
            var now = current();
            if (now is { Run: { } cutRun, CutId: { } cutId } && _source.FindSnapshot(NativeMover.SnapshotOf(cutId)) is { } cut)
            {
                await _transfer.ShipCutAsync(state, cut, cutId, cancellationToken);
                await CompleteAsync(cutRun, state, cancellationToken);
                return;
            }

            var reached = await _transfer.BringUpAsync(state, now.Run, now.RunSnapshotId, cancellationToken);
            using var tap = reached.Tap;
            state = reached.State;
            if (now.Run is { } run && reached.UpTo >= run)
            {
                await CompleteAsync(run, state, cancellationToken);
                return;
            }

            if (tap is not null)
            {
                state = await new SourceStream(_source, _peer, tap, state, _snapshots, _cuts, _settle, _acks, _cipher).RunAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// No run is complete before the replica has its state durably, and its snapshots, and a lease that is not wanted any more was given
    /// back: nobody makes another link until the next run, and the volume would stand still until then.
    /// </summary>
    private async ValueTask CompleteAsync(DateTimeOffset run, StateMessage state, CancellationToken cancellationToken)
    {
        if (state.DurableNumber < state.Lineage.ToLineage().LastNumber)
        {
            // What an earlier link brought, and its end could not make durable.
            await _peer.AskAsync(cancellationToken);
        }

        await _snapshots.UntilMadeAsync(cancellationToken);
        await _leases.UntilGivenBackAsync(cancellationToken);
        _source.Facts.CompletedRun = new SourceFacts.Moment(run);
        _source.Facts.Now = new SourceFacts.Standing(ReplicationWords.Secondary, null, null, true);
    }

    private async Task ReceiveAsync(CancellationTokenSource ended)
    {
        try
        {
            while (await _channel.ReceiveAsync(ended.Token) is { } frame)
            {
                switch (frame.Kind)
                {
                    case FrameKind.Ack:
                        Acknowledged(frame.Json(MoverJson.Default.AckMessage));
                        await FailPoint.ReachAsync(MoverSteps.AckHeard, _source.Volume);
                        break;
                    case FrameKind.LeaseGrant:
                        _leases.Granted(frame.Json(MoverJson.Default.LeaseGrantMessage));
                        await FailPoint.ReachAsync(MoverSteps.LeaseGrantHeard, _source.Volume);
                        break;
                    case FrameKind.LeaseReleased:
                        await FailPoint.ReachAsync(MoverSteps.LeaseReleasedHeard, _source.Volume);
                        _leases.Released();
                        break;
                    case FrameKind.GroupMarkKept:
                        _cuts.Kept(frame.Json(MoverJson.Default.GroupMarkKeptMessage).CutId);
                        break;
                    case FrameKind.Refused:
                        throw new ReplicaRefusedException(frame.Json(MoverJson.Default.RefusedMessage));
                    default:
                        await _peer.Replies.AddAsync(ReplyInbox.Decode(frame), ended.Token);
                        break;
                }
            }

            throw new IOException("its site closed the link");
        }
        catch (Exception e)
        {
            // Whatever ends the receiving ends the link; the one who follows learns the cause.
            Volatile.Write(ref _failure, e);
            _peer.Replies.Close(e);
            await ended.CancelAsync();
        }
    }

    private void Acknowledged(AckMessage ack)
    {
        var facts = _source.Facts;
        var (tap, window) = (facts.Tap, facts.Window);
        _source.Heard(ack.At);
        window?.Acknowledge(ack.AppliedNumber);
        _acks.Ack?.Durable(ack.DurableNumber);
        facts.Durable = new SourceFacts.Numbered(ack.DurableNumber);
        if (facts.Replica is { } replica && tap is not null)
        {
            facts.Replica = replica with { LastNumber = ack.AppliedNumber };
            if (window is { Bytes: 0 } && tap is { End: TapEnd.None, QueuedBytes: 0 })
            {
                facts.LastSync = new SourceFacts.Moment(_source.Time.GetUtcNow());
            }
        }
    }

    private async Task BeatAsync(CancellationTokenSource ended)
    {
        using var timer = new PeriodicTimer(_source.Options.HeartbeatInterval, _source.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                var facts = _source.Facts;
                var owed = facts is { Tap: { End: TapEnd.None } tap, Window: { } window } ? tap.QueuedBytes + window.Bytes
                    : facts.Transfer is { } transfer ? transfer.TotalBytes - transfer.DoneBytes
                    : (long?)null;
                await _peer.SendAsync(
                    FrameKind.Heartbeat, new HeartbeatMessage(_source.Volume.Lineage.LastNumber, owed), MoverJson.Default.HeartbeatMessage,
                    ended.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            await ended.CancelAsync();
        }
    }
}
