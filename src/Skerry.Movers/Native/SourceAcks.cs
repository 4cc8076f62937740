using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>
/// One relation's part in what its volume's acknowledgements wait for, for as long as its session stands: applies what the relation
/// wants, and keeps the note that flushes go on by themselves.
/// </summary>
internal sealed class SourceAcks : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly MoverTask _of;
    private readonly VolumeGates _gates;
    private readonly IAckLedger _ledger;
    private readonly SourceFacts _facts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AckTerms _terms;
    private Attached? _attached;
    private ReplicaAck? _ack;
    private bool _staleNote;

    public SourceAcks(MoverTask of, VolumeGates gates, IAckLedger ledger, SourceFacts facts, TimeProvider time, ILogger logger)
    {
        (_of, _gates, _ledger, _facts, _time, _logger, _terms) = (of, gates, ledger, facts, time, logger, of.Acks ?? AckTerms.None);
        _keeping = KeepAsync();
    }

    public AckTerms Terms => Volatile.Read(ref _terms);

    /// <summary>Why nothing more than version 1 can be had of the replica; null when all can.</summary>
    public string? Shortcoming { get; set; }

    /// <summary>Null while flushes do not wait for this relation.</summary>
    public ReplicaAck? Ack => Volatile.Read(ref _ack);

    /// <summary>The lease that binds the volume to this relation's target; null when none does.</summary>
    public LeaseHold? Lease => Volatile.Read(ref _attached)?.Gate.Lease is { } lease && lease.ReplicationId == _of.ReplicationId ? lease : null;

    /// <summary>The volume was found: from here on its acknowledgements are held to the terms.</summary>
    public void Attach(BlockVolume volume)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_attached?.Volume, volume))
            {
                Volatile.Write(ref _attached, new Attached(volume, _gates.Of(volume, _of.Generation)));
            }

            ApplyLocked();
        }
    }

    public void Apply(AckTerms terms)
    {
        lock (_lock)
        {
            Volatile.Write(ref _terms, terms);
            ApplyLocked();
        }
    }

    /// <summary>Writes are streamed from this number on; the replica has so many durable.</summary>
    public void Streaming(long number, long durable)
    {
        lock (_lock)
        {
            IsStreaming = Shortcoming is null;
            if (IsStreaming)
            {
                _ack?.Streaming(number, durable);
            }

            StreamedFrom = (number, durable);
        }
    }

    public void Away()
    {
        lock (_lock)
        {
            IsStreaming = false;
            _ack?.Away();
        }
    }

    /// <summary>True while the replica follows and answers.</summary>
    public bool IsStreaming { get; private set; }

    /// <summary>
    /// Binds the volume to the target's lease, durably, before the first ask: whatever was begun without a lease has been completed
    /// when this returns. Null when another relation binds it.
    /// </summary>
    public async ValueTask<LeaseHold?> BindAsync(CancellationToken cancellationToken)
    {
        var attached = Volatile.Read(ref _attached)!;
        if (attached.Gate.Bind(_of.ReplicationId, isAskedFor: false) is not { } lease)
        {
            return null;
        }

        lock (_lock)
        {
            ApplyLocked();
        }

        if (!lease.IsRecorded)
        {
            await VolumeGates.WriteLeaseAsync(
                attached.Volume,
                new Wire.LeaseDocument(_of.Generation.Number, _of.Generation.Id, _of.ReplicationId, (long)Terms.Lease.TotalMilliseconds),
                cancellationToken);
            await FailPoint.ReachAsync(MoverSteps.LeaseBound, attached.Volume);
            lease.IsRecorded = true;
        }

        return lease;
    }

    /// <summary>The target promised nothing, or gave its promise back: the volume acknowledges by itself again.</summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken)
    {
        var attached = Volatile.Read(ref _attached)!;
        await attached.Volume.RemovePropertyAsync(VolumeGates.LeaseProperty, cancellationToken);
        await FailPoint.ReachAsync(MoverSteps.LeaseUnbound, attached.Volume);
        attached.Gate.Unbind(_of.ReplicationId);
        lock (_lock)
        {
            ApplyLocked();
        }
    }

    public AckStanding? Report()
    {
        var (terms, ack, lease) = (Terms, Ack, Lease);
        if (!terms.WaitsForReplica && !terms.StopsWhenIsolated && lease is null)
        {
            return null;
        }

        var now = _facts.Now;
        var why = Shortcoming ?? now.Reason ?? (now.State == ReplicationWords.Secondary ? "The replica is about to have everything." : $"The replica is {now.State}.");
        if (lease is { MayAcknowledge: false })
        {
            return new AckStanding(AckStates.Held, $"Writes and flushes wait for the lease of the replica's site. {why}", true);
        }

        var (isBoth, isLocalOnly) = ack?.Standing ?? default;
        var isUnderLease = lease is { IsAskedFor: true };
        return ack is null ? new AckStanding(null, isUnderLease || !terms.StopsWhenIsolated ? null : $"It does not stop yet when it is cut off. {why}", isUnderLease)
            : isBoth ? new AckStanding(AckStates.Both, null, isUnderLease)
            : isLocalOnly ? new AckStanding(AckStates.LocalOnly, $"Flushes are acknowledged at the primary alone. {why}", isUnderLease)
            : new AckStanding(AckStates.Held, $"Flushes wait until the replica has them. {why}", isUnderLease);
    }

    public async ValueTask DisposeAsync()
    {
        Away();
        await _stop.CancelAsync();
        await _keeping;
        _stop.Dispose();
    }

    private (long Number, long Durable) StreamedFrom { get; set; }

    private void ApplyLocked()
    {
        if (_attached is not { } attached)
        {
            return;
        }

        if (Terms.WaitsForReplica)
        {
            if (_ack is null)
            {
                Volatile.Write(ref _ack, attached.Gate.Ack(_of.ReplicationId, Terms.IsLocalOnlyNoted));
                if (IsStreaming)
                {
                    // What was flushed before it was asked for is nobody's promise; from here on all is waited for.
                    _ack!.Streaming(Math.Max(StreamedFrom.Number, attached.Volume.Lineage.LastNumber), StreamedFrom.Durable);
                }
            }

            _ack!.LetGoOn(Lease is null);
        }
        else
        {
            // Also what an earlier session asked for, or the volume was armed with: the gate outlives both.
            Volatile.Write(ref _ack, null);
            attached.Gate.Forget(_of.ReplicationId);
        }

        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private async Task KeepAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var stopped = Task.Delay(Timeout.Infinite, _stop.Token);
        while (!_stop.IsCancellationRequested)
        {
            var (changed, ack) = (Volatile.Read(ref _changed).Task, Ack);
            var wanted = ack?.KeeperWanted ?? changed;
            try
            {
                await KeepOnceAsync(ack);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whoever waits goes on waiting: without the note nothing may be acknowledged.
                Log.NoteFailed(_logger, _of.ReplicationId, _of.VolumeId, e.Message);
                wanted = Task.Delay(RetryAfter, _time, _stop.Token);
            }

            await Task.WhenAny(wanted, changed, stopped);
        }
    }

    private async ValueTask KeepOnceAsync(ReplicaAck? ack)
    {
        if (Terms.IsTargetFenced && Lease is not null)
        {
            await UnbindAsync(_stop.Token);
        }

        if (ack is null)
        {
            return;
        }

        if (ack.NeedsNote)
        {
            await _ledger.NoteLocalOnlyAsync(_of.ReplicationId, Shortcoming ?? _facts.Now.Reason ?? $"The replica is {_facts.Now.State}.", _stop.Token);
            await ReachAsync(MoverSteps.LocalOnlyNoted);
            _staleNote = false;
            ack.Noted();
        }

        _staleNote |= ack.TakeNoteBack();
        if (_staleNote)
        {
            await _ledger.ClearLocalOnlyAsync(_of.ReplicationId, _stop.Token);
            await ReachAsync(MoverSteps.LocalOnlyCleared);
            _staleNote = false;
        }
    }

    private ValueTask ReachAsync(string moment) =>
        Volatile.Read(ref _attached) is { } attached ? FailPoint.ReachAsync(moment, attached.Volume) : ValueTask.CompletedTask;

    private sealed record Attached(BlockVolume Volume, VolumeGate Gate);
}
