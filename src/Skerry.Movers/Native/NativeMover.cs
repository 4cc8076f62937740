using Microsoft.Extensions.Logging;
using Skerry.Blocks;
using Skerry.Domain.Recovery;
using Skerry.Domain.Replication;
using Skerry.Domain.Sites;
using Skerry.Movers.Native.Wire;
using Skerry.State.Clocks;

namespace Skerry.Movers.Native;

/// <summary>Ships volumes of native backends to native backends: snapshots and their differences, then every write as it is made.</summary>
public sealed partial class NativeMover(
    BlockStoreSet stores, ISiteDialer dialer, IAckLedger ledger, BootClock clock, NativeMoverOptions options, TimeProvider time, Random jitter,
    ILogger<NativeMover> logger)
    : IDataMover, IAsyncDisposable
{
    /// <summary>The path of the sync listener under which <see cref="NativeReplicaEndpoint"/> is served.</summary>
    public const string Path = "/movers/native";

    private readonly Lock _lock = new();
    private readonly TransferLimits _limits = new(options, time);
    private readonly Dictionary<string, SourceSession> _sessions = new(StringComparer.Ordinal);
    private readonly VolumeGates _gates = new(clock);
    private int _saidThatZstdIsMissing;

    public string Driver => "native";

    public MoverReport Synchronize(MoverTask task)
    {
        SourceSession session;
        lock (_lock)
        {
            _sessions.TryGetValue(task.ReplicationId, out var known);
            task = task with { Acks = task.Acks ?? known?.Current.Acks ?? AckTerms.None };

            // Streaming goes on for as long as nobody stops it, so a change between following and single runs is another session's.
            if (known is not null
                && known.Current with { Run = task.Run, RunSnapshotId = task.RunSnapshotId, CutId = task.CutId, Acks = task.Acks, AskedAt = task.AskedAt, MayAdopt = task.MayAdopt } == task
                && known.Current.Run is null == task.Run is null)
            {
                session = known;
            }
            else
            {
                // Another target or generation: the new session waits until the old one has let go of the volume.
                session = Begin(task, known?.DisposeAsync().AsTask() ?? Task.CompletedTask);
                _sessions[task.ReplicationId] = session;
            }
        }

        session.Change(task);
        return session.Report();
    }

    public async ValueTask<long?> SettleAsync(string replicationId, CancellationToken cancellationToken)
    {
        SourceSession? session;
        lock (_lock)
        {
            _sessions.TryGetValue(replicationId, out session);
        }

        return session is null ? null : await session.SettleAsync(cancellationToken);
    }

    public async ValueTask CleanupAsync(string replicationId, string volumeId, bool forGood, CancellationToken cancellationToken)
    {
        SourceSession? session;
        lock (_lock)
        {
            if (_sessions.Remove(replicationId, out session))
            {
                RememberMarks(replicationId, session);
            }
        }

        if (session is not null)
        {
            await session.DisposeAsync();
        }

        if (forGood && stores.FindVolume(volumeId) is { } found)
        {
            var volume = await found.Store.OpenAsync(volumeId, cancellationToken);
            await volume.DeleteSnapshotAsync(BaseSnapshots.OfSource(replicationId), cancellationToken);
        }
    }

    public async ValueTask ArmAsync(
        string volumeId, Generation generation, IReadOnlyList<MoverTask> tasks, CancellationToken cancellationToken)
    {
        if (stores.FindVolume(volumeId) is not { } found)
        {
            return;
        }

        var gate = _gates.Of(await found.Store.OpenAsync(volumeId, cancellationToken), generation);
        foreach (var task in tasks.Where(t => t.Acks is { WaitsForReplica: true }))
        {
            gate.Ack(task.ReplicationId, task.Acks!.IsLocalOnlyNoted);
        }
    }

    public (long Number, long? Bytes)? ChangedSince(string volumeId, long number)
    {
        if (stores.FindVolume(volumeId) is not { } found || found.Store.Find(volumeId) is not { } volume)
        {
            return null;
        }

        var now = volume.Lineage;
        try
        {
            return (now.LastNumber, number >= now.LastNumber ? 0 : volume.ChangedSince(now.UpTo(number)).Sum(r => r.LengthBytes));
        }
        catch (BlockException)
        {
            return (now.LastNumber, null);
        }
    }

    public void Disarm(string replicationId, string volumeId) => _gates.Find(volumeId)?.Forget(replicationId);

    public async ValueTask DisposeAsync()
    {
        List<SourceSession> sessions;
        lock (_lock)
        {
            sessions = [.. _sessions.Values];
            _sessions.Clear();
        }

        foreach (var session in sessions)
        {
            await session.DisposeAsync();
        }
    }

    private SourceSession Begin(MoverTask task, Task after)
    {
        if (options.Packing != Packing.Never && !Zstd.IsThere && Interlocked.Exchange(ref _saidThatZstdIsMissing, 1) == 0)
        {
            Log.NoZstd(logger);
        }

        return new SourceSession(
            task,
            after,
            token => stores.TryFind(task.Backend, out var store)
                ? store.OpenAsync(task.VolumeId, token)
                : throw new BlockException(BlockError.NotFound, $"there is no native backend {task.Backend} at this site"),
            token => dialer.ConnectAsync(SiteId.Parse(task.TargetSite), Path, token),
            _limits, _gates, ledger, options, time, jitter, logger);
    }
}
