using Skerry.Domain.Replication;
using Skerry.Domain.Volumes;

namespace Skerry.Domain.Recovery;

/// <summary>Makes a replica equal to its volume, durably, and says up to which write.</summary>
internal sealed class LastWrites(SiteContext site, IVolumeDriver driver, IDataMover mover, Generation current)
{
    /// <summary>How long a step may make no progress; and how long all of it may take while nobody may write.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// With the volume fenced the number that comes back is the last one that there is; before that it shows that the replica can
    /// be reached and is near. While the volume is written to it takes as long as blocks move; fenced it must not take long.
    /// </summary>
    public async ValueTask<Synced> SyncAsync(Relation relation, bool isWritten, CancellationToken cancellationToken)
    {
        var (target, _) = relation.ReplicaOf(site.SelfText);
        var name = new SiteDirectory(site, StateView.Of(site.Replica)).NameOf(target);
        if (relation.IsPaused)
        {
            return new Synced(null, $"The replication to site {name} is paused.");
        }

        if (relation.SourceOf(site.SelfText) != site.SelfText)
        {
            return new Synced(null, $"The replica at site {name} is fed by another replica, not from here.");
        }

        var run = relation.Mode == ReplicationModes.Instant ? (DateTimeOffset?)null : site.Now;
        var task = new MoverTask(relation.Id, relation.VolumeId, driver.Backend, target, current, run)
        {
            AskedAt = relation.SyncRequestedAt,
            MayAdopt = relation.AdoptFrom is not null,
        };
        using var patience = new CancellationTokenSource(Patience, site.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var doneBytes = 0L;
        try
        {
            while (true)
            {
                var report = mover.Synchronize(task);
                if (run is null && report is { IsConnected: true, State: ReplicationWords.Secondary })
                {
                    return await SettleAsync(task, either.Token) is { } durable && durable >= report.PrimaryNumber
                        ? new Synced(durable, "")
                        : new Synced(null, $"The replica at site {name} did not confirm the last write in time.");
                }

                if (run is not null && report.CompletedRun >= run)
                {
                    return new Synced(report.PrimaryNumber, "");
                }

                if (!report.IsConnected && report.State is ReplicationWords.Disconnected or ReplicationWords.Error)
                {
                    return new Synced(null, $"The replica at site {name} cannot follow now: {report.Reason}");
                }

                if (report.Transfer is { } transfer)
                {
                    if (!isWritten && transfer.SecondsLeft > Patience.TotalSeconds)
                    {
                        return new Synced(
                            null, $"The replica at site {name} is still {report.State}, {transfer.TotalBytes - transfer.DoneBytes} bytes to go.");
                    }

                    if (isWritten && transfer.DoneBytes != doneBytes)
                    {
                        doneBytes = transfer.DoneBytes;
                        patience.CancelAfter(Patience);
                    }
                }

                await Task.Delay(LookEvery, site.Time, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Synced(null, $"The replica at site {name} is not whole yet.");
        }
    }

    /// <summary>A replica that goes away meanwhile is not waited for: it would answer when it is back, and nobody may write until then.</summary>
    private async ValueTask<long?> SettleAsync(MoverTask task, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var settling = mover.SettleAsync(task.ReplicationId, ended.Token).AsTask();
        while (await Task.WhenAny(settling, Task.Delay(LookEvery * 5, site.Time, cancellationToken)) != settling)
        {
            if (cancellationToken.IsCancellationRequested || !mover.Synchronize(task).IsConnected)
            {
                await ended.CancelAsync();
                break;
            }
        }

        return await settling;
    }
}

/// <summary>The last number that is durable at the replica, or why there is none.</summary>
internal sealed record Synced(long? Number, string Reason);
