using Skerry.Blocks;
using Skerry.Domain;
using Skerry.Domain.Replication;

namespace Skerry.Movers.Native;

/// <summary>
/// What this site's daemon knows of one volume's copy as a replica, and who may touch it: one source at a time, or the promotion,
/// which turns sources away.
/// </summary>
/// <remarks>
/// Fields are read without the lock for reports; each is a reference or a number that is replaced whole. A newer source of the same
/// volume ends the session before it, which may be hanging on a dead link.
/// </remarks>
internal sealed class ReplicaSlot(string volumeId, ReplicaLease lease)
{
    private readonly SemaphoreSlim _use = new(1, 1);
    private readonly Lock _gate = new();
    private CancellationTokenSource? _session;
    private int _closed;
    private long _visits;

    public string VolumeId => volumeId;

    public ReplicaLease Lease => lease;

    /// <summary>Held while the copy is taken up from disk.</summary>
    public SemaphoreSlim Opening { get; } = new(1, 1);

    public string? Backend { get; set; }

    public ReplicaCopy? Copy { get; set; }

    /// <summary>The room of the backend that holds the copy; null before it was taken up.</summary>
    public Func<StoreSpace>? Space { get; set; }

    /// <summary>Why the last source got nowhere; cleared when one does, so that attempts in between do not hide it.</summary>
    public Refusal? Trouble { get; set; }

    public Heard? LastHeard { get; set; }

    public TransferStatus? LastTransfer { get; set; }

    /// <summary>How often sources came and went, or were turned away: while it stands, nothing here changed by them.</summary>
    public long Visits => Interlocked.Read(ref _visits);

    public void Visited() => Interlocked.Increment(ref _visits);

    public bool IsConnected => Volatile.Read(ref _session) is not null;

    /// <summary>Makes a source the only one; the session before it has ended when this returns. False while the slot is closed to sources.</summary>
    public async ValueTask<bool> EnterAsync(CancellationTokenSource session, CancellationToken cancellationToken)
    {
        Disconnect();
        await _use.WaitAsync(cancellationToken);
        lock (_gate)
        {
            if (_closed == 0)
            {
                _session = session;
                Visited();
                return true;
            }
        }

        _use.Release();
        return false;
    }

    public void Leave()
    {
        lock (_gate)
        {
            _session = null;
        }

        Visited();
        _use.Release();
    }

    public void Disconnect()
    {
        CancellationTokenSource? session;
        lock (_gate)
        {
            session = _session;
        }

        try
        {
            session?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>Runs the work while no source is connected.</summary>
    public async ValueTask<T> UseAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        Disconnect();
        await _use.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _use.Release();
        }
    }

    /// <summary>Turns sources away until <see cref="Open"/>; calls nest.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed++;
        }
    }

    public void Open()
    {
        lock (_gate)
        {
            _closed--;
        }
    }

    /// <summary>What the source said last of itself, and when, by this site's clock.</summary>
    internal sealed record Heard(DateTimeOffset At, long PrimaryNumber, long? OwedBytes);
}
