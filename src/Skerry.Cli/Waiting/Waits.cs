using Skerry.Client.Native.Resources;
using Skerry.Client.Native.Wire;

namespace Skerry.Cli.Waiting;

/// <summary>Follows what was accepted until it is done, and says how it stands meanwhile.</summary>
internal sealed class Waits(Invocation invocation)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Throws unless the operation succeeds: a refusal, when its site refused it.</summary>
    public async Task<OperationRecord> ForOperationAsync(string id, CancellationToken cancellationToken)
    {
        var operation = await UntilOverAsync(id, cancellationToken);
        return operation.Status == "succeeded" ? operation
            : operation.Refusal is { } refusal ? throw new Client.Native.RefusedException(refusal)
            : throw new DidNotSucceedException(OperationText.Line(operation), $"More: skerry operation show {id}");
    }

    /// <summary>However it ends.</summary>
    public async Task<OperationRecord> UntilOverAsync(string id, CancellationToken cancellationToken)
    {
        invocation.Pending = $"Follow it with: skerry operation wait {id}";
        var operation = await invocation.Client.Operations.ShowAsync(id, cancellationToken);
        while (!operation.IsOver)
        {
            invocation.Talk.Progress(operation.Status + operation.Progress?.Stage + operation.Reason, OperationText.Line(operation));
            operation = await invocation.Client.Operations.PollAsync(
                id, TimeSpan.FromSeconds(OperationsClient.LongPollSeconds), cancellationToken);
        }

        invocation.Pending = null;
        return operation;
    }

    /// <summary>Until the volume has left every status that ends in "ing".</summary>
    public async Task<VolumeRecord> ForVolumeAsync(string id, string? operationId, CancellationToken cancellationToken)
    {
        if (operationId is not null)
        {
            await ForOperationAsync(operationId, cancellationToken);
        }

        invocation.Pending = $"Look how it stands with: skerry volume show {id}";
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            var volume = await invocation.Client.Volumes.ShowAsync(id, cancellationToken);
            if (volume.Status.StartsWith("error", StringComparison.Ordinal))
            {
                throw new DidNotSucceedException(
                    $"Volume {volume.Name ?? id} is in status {volume.Status}{Because(volume.StatusReason)}.", $"More: skerry volume show {id}");
            }

            if (!volume.Status.EndsWith("ing", StringComparison.Ordinal))
            {
                return volume;
            }

            invocation.Talk.Progress(volume.Status, $"volume {volume.Name ?? id}: {volume.Status}{Because(volume.StatusReason)}");
            await Task.Delay(pause, invocation.Surroundings.Time, cancellationToken);
        }
    }

    public async Task<SnapshotRecord> ForSnapshotAsync(string id, string? operationId, CancellationToken cancellationToken)
    {
        if (operationId is not null)
        {
            await ForOperationAsync(operationId, cancellationToken);
        }

        invocation.Pending = $"Look how it stands with: skerry snapshot show {id}";
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            var snapshot = await invocation.Client.Snapshots.ShowAsync(id, cancellationToken);
            if (snapshot.Status.StartsWith("error", StringComparison.Ordinal))
            {
                throw new DidNotSucceedException($"Snapshot {snapshot.Name ?? id} is in status {snapshot.Status}{Because(snapshot.StatusReason)}.");
            }

            if (!snapshot.Status.EndsWith("ing", StringComparison.Ordinal))
            {
                return snapshot;
            }

            invocation.Talk.Progress(snapshot.Status, $"snapshot {snapshot.Name ?? id}: {snapshot.Status}");
            await Task.Delay(pause, invocation.Surroundings.Time, cancellationToken);
        }
    }

    /// <summary>Until the replica is whole.</summary>
    /// <param name="id">Of the replication.</param>
    /// <param name="since">How it stood when a run was asked for: being whole by an earlier one does not count.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReplicationRecord> ForReplicaAsync(string id, ReplicationRecord? since, CancellationToken cancellationToken)
    {
        invocation.Pending = $"Look how it stands with: skerry replication show {id}";
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            var replication = await invocation.Client.Replications.ShowAsync(id, cancellationToken);
            if (replication.Status == ReplicationText.Secondary && (since is null || HasRunSince(since, replication)))
            {
                invocation.Talk.Progress(replication.Status, ReplicationText.Line(replication));
                return replication;
            }

            // What a side last said may still be "paused" though it was resumed meanwhile; what is wished for counts.
            if (replication.Paused || replication.Status is "error" or "diverged")
            {
                throw new DidNotSucceedException(ReplicationText.Line(replication), replication.NextStep);
            }

            invocation.Talk.Progress(replication.Status + replication.Reason, ReplicationText.Line(replication));
            await Task.Delay(pause, invocation.Surroundings.Time, cancellationToken);
        }
    }

    /// <summary>An instant replication has no runs: what had been written when it was asked must have been acknowledged.</summary>
    private static bool HasRunSince(ReplicationRecord before, ReplicationRecord now) => now.Mode == "instant"
        ? now.Source is { } source && (source.LagBytes == 0 || source.ReplicaNumber >= before.Source?.PrimaryNumber)
        : now.Source?.LastSyncAt is { } at && at != before.Source?.LastSyncAt;

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private static string Because(string? reason) => reason is null ? "" : $": {reason}";
}
