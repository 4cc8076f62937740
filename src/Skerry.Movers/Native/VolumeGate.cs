using Skerry.Blocks;
using Skerry.Domain.Recovery;

namespace Skerry.Movers.Native;

/// <summary>
/// What the acknowledgements of one volume wait for, in one generation: the flushes for each replica that is to have them, everything
/// for the lease of the one target that may promote itself.
/// </summary>
/// <remarks>
/// It outlives links and sessions: whoever loses a link says so here, and whoever waits goes on to wait or not. Of several relations
/// that want to stop the volume the first one has its way; DESIGN.md says why there is one lease.
/// </remarks>
internal sealed class VolumeGate(BlockVolume volume, BootClock clock) : IAcknowledgementGate
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReplicaAck> _acks = new(StringComparer.Ordinal);
    private ReplicaAck[] _waitedFor = [];
    private LeaseHold? _lease;

    public bool HoldsWrites => Volatile.Read(ref _lease) is not null;

    public bool MayAcknowledge => Volatile.Read(ref _lease) is not { } lease || lease.MayAcknowledge;

    /// <summary>The lease that binds the volume; null for none.</summary>
    public LeaseHold? Lease => Volatile.Read(ref _lease);

    public async ValueTask UntilMayAcknowledgeAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _lease) is { } lease)
        {
            var changed = lease.Changed;
            if (lease.MayAcknowledge)
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DurableAsync(long number, CancellationToken cancellationToken)
    {
        // All are asked before the first is waited for.
        var waits = Array.ConvertAll(Volatile.Read(ref _waitedFor), ack => ack.DurableAsync(number, cancellationToken));
        foreach (var wait in waits)
        {
            await wait;
        }
    }

    /// <summary>The relation's part, made when it is not there.</summary>
    /// <param name="replicationId">The relation.</param>
    /// <param name="isNoted">Whether the state says already that it is not waited for.</param>
    public ReplicaAck Ack(string replicationId, bool isNoted)
    {
        lock (_lock)
        {
            if (!_acks.TryGetValue(replicationId, out var ack))
            {
                ack = new ReplicaAck(volume.Id, isNoted);
                _acks.Add(replicationId, ack);
                Changed();
            }

            return ack;
        }
    }

    /// <summary>Flushes do not wait for this relation any more.</summary>
    public void Forget(string replicationId)
    {
        ReplicaAck? ack;
        lock (_lock)
        {
            if (_acks.Remove(replicationId, out ack))
            {
                Changed();
            }
        }

        ack?.Release();
    }

    /// <summary>Binds the volume to the lease of this relation's target, or finds it bound so. Null when another relation has bound it.</summary>
    /// <param name="replicationId">The relation.</param>
    /// <param name="isAskedFor">True when the target may have granted already, so that nothing is acknowledged before it does again.</param>
    public LeaseHold? Bind(string replicationId, bool isAskedFor)
    {
        lock (_lock)
        {
            if (_lease is null)
            {
                Volatile.Write(ref _lease, new LeaseHold(replicationId, clock, isAskedFor));
                Changed();
            }

            return _lease!.ReplicationId == replicationId ? _lease : null;
        }
    }

    /// <summary>The target gave its promise back: the volume acknowledges by itself again.</summary>
    public void Unbind(string replicationId)
    {
        LeaseHold? lease;
        lock (_lock)
        {
            lease = _lease;
            if (lease?.ReplicationId != replicationId)
            {
                return;
            }

            Volatile.Write(ref _lease, null);
            Changed();
        }

        lease.Signal();
    }

    /// <summary>The generation is over: what waits is never acknowledged.</summary>
    public void Close()
    {
        ReplicaAck[] acks;
        lock (_lock)
        {
            acks = _waitedFor;
        }

        foreach (var ack in acks)
        {
            ack.Close();
        }

        Volatile.Read(ref _lease)?.Close(volume.Id);
    }

    /// <summary>A volume that has nothing to wait for is not slowed by asking.</summary>
    private void Changed()
    {
        Volatile.Write(ref _waitedFor, [.. _acks.Values]);
        volume.Gate = _acks.Count > 0 || _lease is not null ? this : null;
    }
}
